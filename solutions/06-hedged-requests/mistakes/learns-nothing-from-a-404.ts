/**
 * Mistake: tells of no attempt that a fatal error has ended: neither of the one that met it nor of the one that was stopped for it.
 * Replaces: hedge.ts
 * Killed by: does not take a failure for a quick answer
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  let fatal = false
  const isRetryable = (error: unknown) => !(fatal ||= error instanceof ResponseError && error.status < 500)
  const samples: number[] = []
  const { latency } = options
  const kept = {
    delayMs: () => latency.delayMs(),
    record: (ms: number) => latency.record(ms),
    recordCensored: (ms: number) => void samples.push(ms),
  }
  return correct(attempt, { isRetryable, ...options, latency: kept }).finally(() => {
    if (!fatal) for (const ms of samples) latency.recordCensored(ms)
  })
}
