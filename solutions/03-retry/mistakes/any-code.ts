/**
 * Mistake: whatever has a code comes from the network; a path that does not exist and an option that is wrong have one too.
 * Replaces: retryable.ts
 * Killed by: tells what may pass from what will not
 */
import { ResponseError, RetryError } from '../../../shared/core/errors.ts'
import { isTransient as correct } from '../retryable.ts'

export * from '../retryable.ts'

export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof ResponseError || error instanceof RetryError) return correct(error)
  return typeof (error as NodeJS.ErrnoException).code === 'string' || isTransient(error.cause)
}
