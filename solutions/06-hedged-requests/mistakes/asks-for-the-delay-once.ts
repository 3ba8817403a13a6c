/**
 * Mistake: asks for the delay when the call begins, and waits by it for all attempts, though a late one has told what is late by now.
 * Replaces: hedge.ts
 * Killed by: counts the delay of the next one from the last
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { latency } = options
  const delayMs = latency.delayMs()
  const record = (ms: number) => latency.record(ms)
  const recordCensored = (ms: number) => latency.recordCensored(ms)
  return correct(attempt, { ...options, latency: { delayMs: () => delayMs, record, recordCensored } })
}
