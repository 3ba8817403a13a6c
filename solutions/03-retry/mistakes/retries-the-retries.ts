/**
 * Mistake: a RetryError counts as what caused it, so that every layer retries the retries of the one below.
 * Replaces: retryable.ts
 * Killed by: does not retry what a layer below has retried already
 */
import { RetryError } from '../../../shared/core/errors.ts'
import { isTransient as correct } from '../retryable.ts'

export * from '../retryable.ts'

export function isTransient(error: unknown): boolean {
  return error instanceof RetryError ? isTransient(error.cause) : correct(error)
}
