/**
 * Mistake: measures by the wall clock, which is set now and then: an answer of an hour, or of less than nothing.
 * Replaces: hedge.ts
 * Killed by: is told how long each success took, from the beginning of its own attempt
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { latency } = options
  let tookMs = 0
  const timed = async (signal: AbortSignal, number: number) => {
    const beganAt = Date.now()
    const value = await attempt(signal, number)
    tookMs = Date.now() - beganAt
    return value
  }
  const recordCensored = (ms: number) => latency.recordCensored(ms)
  return correct(timed, {
    ...options,
    latency: { delayMs: () => latency.delayMs(), record: () => latency.record(tookMs), recordCensored },
  })
}
