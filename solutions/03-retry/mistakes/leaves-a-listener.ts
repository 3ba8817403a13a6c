/**
 * Mistake: counts on `once`, which removes a listener that was called; after a wait that ended in peace it stays.
 * Replaces: retry.ts
 * Killed by: stops at once when its caller aborts during a wait, and does not try again
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const waiting = (signal: AbortSignal, attempt: number) => {
    if (attempt > 1) signal.addEventListener('abort', () => {}, { once: true })
    return operation(signal, attempt)
  }
  return correct(waiting, options)
}
