/**
 * Another shape: whatever has a status from the list is transient, whoever made it; other HTTP clients put one on their errors.
 * Replaces: retryable.ts
 */
import { causesOf } from '../../../shared/core/errors.ts'
import { TRANSIENT_CODES, TRANSIENT_STATUSES } from '../retryable.ts'

export * from '../retryable.ts'

export function isTransient(error: unknown): boolean {
  const chain = [...causesOf(error)].map((cause) => Object(cause))
  if (chain.some(({ code }) => code === 'RETRY_EXHAUSTED')) return false
  return chain.some(
    ({ code, name, status }) => TRANSIENT_STATUSES.has(status) || TRANSIENT_CODES.has(code) || name === 'TimeoutError',
  )
}
