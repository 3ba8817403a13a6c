/**
 * Mistake: an attempt that was aborted is reported as one that failed, by whatever the socket said when it was closed.
 * Replaces: retry.ts
 * Killed by: does not take an aborted attempt for a failed one, nor a success for an abort
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  let last: unknown
  const remembering = (signal: AbortSignal, attempt: number) =>
    operation(signal, attempt).catch((error) => Promise.reject((last = error)))
  return correct(remembering, options).catch((error) => {
    throw options.signal?.aborted && last ? last : error
  })
}
