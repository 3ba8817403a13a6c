/**
 * Mistake: takes the deadline for a duration that begins with the call; it is an instant, and far off on that scale.
 * Replaces: retry.ts
 * Killed by: gives up now if the next attempt would come too late
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  { deadline = Infinity, ...options }: RetryOptions = {},
): Promise<T> {
  return correct(operation, { ...options, deadline: performance.now() + deadline })
}
