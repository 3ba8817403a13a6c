/**
 * Mistake: maxAttempts counts the retries, so that 3 means 4, and 0 means once.
 * Replaces: retry.ts
 * Killed by: counts the first attempt as one of maxAttempts
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  return correct(operation, { ...options, maxAttempts: (options.maxAttempts ?? 3) + 1 })
}
