/**
 * Mistake: asks whether there is a next attempt before it asks what the error says: the 404 of the last one is wrapped.
 * Replaces: hedge.ts
 * Killed by: gives up at once on an error that no replica would mend
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { isRetryable = (error) => !(error instanceof ResponseError && error.status < 500) } = options
  const most = options.idempotent ? (options.maxAttempts ?? 2) : 1
  let begun = 0
  const counted = (signal: AbortSignal, number: number) => {
    begun++
    return attempt(signal, number)
  }
  return correct(counted, { ...options, isRetryable: (error) => begun >= most || isRetryable(error) })
}
