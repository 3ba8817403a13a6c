/**
 * Mistake: judges the error that it caught; with a word of explanation around it, a 503 is an error that nobody has heard of.
 * Replaces: retryable.ts
 * Killed by: tells what may pass from what will not
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { isTransient as correct, TRANSIENT_CODES } from '../retryable.ts'

export * from '../retryable.ts'

export function isTransient(error: unknown): boolean {
  if (error instanceof ResponseError) return correct(error)
  const { code, cause } = Object(error)
  return (
    correct(Object.assign(new Error(), { code })) ||
    TRANSIENT_CODES.has(cause?.code) ||
    Object(error).name === 'TimeoutError'
  )
}
