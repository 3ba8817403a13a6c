/**
 * Mistake: the wait does not hear the abort, and after it comes one more attempt (cockatiel 4 does this).
 * Replaces: retry.ts
 * Killed by: stops at once when its caller aborts during a wait, and does not try again
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  { signal = new AbortController().signal, ...options }: RetryOptions = {},
): Promise<T> {
  signal.throwIfAborted()
  return correct((_, attempt) => operation(signal, attempt), options)
}
