/**
 * Mistake: an abort is an abort: what the attempt has booked meanwhile is thrown away, and booked again.
 * Replaces: retry.ts
 * Killed by: does not take an aborted attempt for a failed one, nor a success for an abort
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const result = await correct(operation, options)
  options.signal?.throwIfAborted()
  return result
}
