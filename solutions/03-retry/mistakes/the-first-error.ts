/**
 * Mistake: keeps the first failure as the cause; when the last one was another, the log tells of an outage that was over.
 * Replaces: retry.ts
 * Killed by: says after how many attempts it gave up, how long that took, and what the last one died of
 */
import { RetryError } from '../../../shared/core/errors.ts'
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  let first: { cause: unknown } | undefined
  const remembering = (signal: AbortSignal, attempt: number) =>
    operation(signal, attempt).catch((cause) => {
      first ??= { cause }
      throw cause
    })
  return correct(remembering, options).catch((error) => {
    throw error instanceof RetryError ? new RetryError(error.message, error.stoppedBy, { ...error, ...first }) : error
  })
}
