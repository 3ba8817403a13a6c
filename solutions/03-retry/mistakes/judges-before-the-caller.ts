/**
 * Mistake: asks whether the error is transient before it asks whether the caller has gone; an AbortError is permanent.
 * Replaces: retry.ts
 * Killed by: does not take an aborted attempt for a failed one, nor a success for an abort
 */
import { isTransient } from '../retryable.ts'
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  let permanent: { error: unknown } | undefined
  const judged = (signal: AbortSignal, attempt: number) =>
    operation(signal, attempt).catch((error) => {
      if (!(options.isTransient ?? isTransient)(error)) permanent = { error }
      throw error
    })
  return correct(judged, options).catch((error) => {
    throw permanent ? permanent.error : error
  })
}
