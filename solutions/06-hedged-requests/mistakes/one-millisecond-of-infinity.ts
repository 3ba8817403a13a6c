/**
 * Mistake: hands the delay to setTimeout as it is, which takes Infinity for 1 ms: a cold start hedges everything.
 * Replaces: hedge.ts
 * Killed by: does not hedge before it knows what is normal
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { latency } = options
  const delayMs = () => (latency.delayMs() < 2 ** 31 ? latency.delayMs() : 1)
  const record = (ms: number) => latency.record(ms)
  const recordCensored = (ms: number) => latency.recordCensored(ms)
  return correct(attempt, { ...options, latency: { delayMs, record, recordCensored } })
}
