/**
 * Mistake: waits for as long as it is told, whoever tells it: one header of 86400, and the call sits there for a day.
 * Replaces: retry.ts
 * Killed by: is not told to sit there for a day, unless it has said so
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export const retry = <T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> => correct(operation, { ...options, maxRetryAfterMs: Infinity })
