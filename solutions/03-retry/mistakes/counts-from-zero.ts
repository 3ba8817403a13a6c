/**
 * Mistake: tells the operation the number of the retry, and calls it the number of the attempt.
 * Replaces: retry.ts
 * Killed by: counts the first attempt as one of maxAttempts
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  return correct((signal, attempt) => operation(signal, attempt - 1), options)
}
