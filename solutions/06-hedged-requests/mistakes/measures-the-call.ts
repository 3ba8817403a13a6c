/**
 * Mistake: measures from the beginning of the call, so that each hedge that wins makes the next delay longer.
 * Replaces: hedge.ts
 * Killed by: is told how long each success took, from the beginning of its own attempt
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { latency } = options
  const startedAt = performance.now()
  const record = () => latency.record(performance.now() - startedAt)
  const recordCensored = (ms: number) => latency.recordCensored(ms)
  return correct(attempt, { ...options, latency: { delayMs: () => latency.delayMs(), record, recordCensored } })
}
