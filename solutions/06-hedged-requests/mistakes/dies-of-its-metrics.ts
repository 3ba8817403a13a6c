/**
 * Mistake: loses an answer that is there to a histogram that cannot hold how long it took.
 * Replaces: hedge.ts
 * Killed by: does not lose an answer, or the process, to a latency or a budget that throws
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { latency } = options
  const broken = Promise.withResolvers<never>()
  const record = (ms: number) => {
    try {
      latency.record(ms)
    } catch (error) {
      broken.reject(error)
      throw error
    }
  }
  const recordCensored = (ms: number) => latency.recordCensored(ms)
  const told = { ...options, latency: { delayMs: () => latency.delayMs(), record, recordCensored } }
  return Promise.race([correct(attempt, told), broken.promise])
}
