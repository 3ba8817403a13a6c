/**
 * Mistake: asks the cause of the cause of the cause; an error that is its own cause becomes a RangeError of the stack.
 * Replaces: retryable.ts
 * Killed by: knows an error of another realm, and one that is its own cause
 */
import { ResponseError, RetryError } from '../../../shared/core/errors.ts'
import { TRANSIENT_CODES, TRANSIENT_STATUSES } from '../retryable.ts'

export * from '../retryable.ts'

export function isTransient(error: unknown): boolean {
  if (error instanceof ResponseError) return TRANSIENT_STATUSES.has(error.status)
  if (error instanceof RetryError || error === undefined) return false
  const { code, name, cause } = Object(error)
  return isTransient(cause) || TRANSIENT_CODES.has(code) || name === 'TimeoutError'
}
