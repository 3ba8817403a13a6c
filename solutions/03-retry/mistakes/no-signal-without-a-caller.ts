/**
 * Mistake: hands on the signal that it was given, which is none; the operation fails with a TypeError, and only in the one caller that has no signal.
 * Replaces: retry.ts
 * Killed by: counts the first attempt as one of maxAttempts
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export const retry = <T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> => correct((_, attempt) => operation(options.signal as AbortSignal, attempt), options)
