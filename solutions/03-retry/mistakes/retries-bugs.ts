/**
 * Mistake: everything is worth another try but what is known to be permanent; bugs and aborts are not known.
 * Replaces: retryable.ts
 * Killed by: tells what may pass from what will not
 */
import { ResponseError, RetryError } from '../../../shared/core/errors.ts'
import { isTransient as correct } from '../retryable.ts'

export * from '../retryable.ts'

export function isTransient(error: unknown): boolean {
  return error instanceof ResponseError || error instanceof RetryError ? correct(error) : true
}
