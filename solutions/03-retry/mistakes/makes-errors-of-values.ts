/**
 * Mistake: what is no Error is made one, and the value that was thrown is gone (p-retry 9 makes a TypeError of it).
 * Replaces: retry.ts
 * Killed by: keeps whatever was thrown, even if it is no error
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const orderly = (signal: AbortSignal, attempt: number) =>
    operation(signal, attempt).catch((error) => {
      throw error instanceof Error ? error : new Error(`Non-error thrown: ${error}`)
    })
  return correct(orderly, options)
}
