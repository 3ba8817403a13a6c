/**
 * Mistake: 1 or more, says the check, and 2.5 is; so is the text '3' of an environment variable.
 * Replaces: retry.ts
 * Killed by: refuses nonsense by name
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  { maxAttempts = 3, ...options }: RetryOptions = {},
): Promise<T> {
  if (!(maxAttempts >= 1)) throw new RangeError(`maxAttempts must be 1 or more, got ${maxAttempts}`)
  return correct(operation, { ...options, maxAttempts: Math.ceil(maxAttempts) })
}
