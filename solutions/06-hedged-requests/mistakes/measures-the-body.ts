/**
 * Mistake: tells how long it took to read the winner too, so that a large body makes the replica look slow.
 * Replaces: hedge.ts
 * Killed by: tells how long the winner took before its body, not after
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { latency } = options
  let tookMs = 0
  const record = (ms: number) => void (tookMs = ms)
  const recordCensored = (ms: number) => latency.recordCensored(ms)
  const read = async (winner: R) => {
    const wonAt = performance.now()
    const result = await (options.read?.(winner) ?? (winner as unknown as T))
    latency.record(tookMs + performance.now() - wonAt)
    return result
  }
  return correct(attempt, { ...options, read, latency: { delayMs: () => latency.delayMs(), record, recordCensored } })
}
