/**
 * Mistake: lets the innermost cause have the last word; the breaker will be open for five seconds, and what opened it had said one.
 * Replaces: retry-after.ts
 * Killed by: leaves an open breaker alone until it lets a probe through
 */
import { causesOf, CircuitOpenError, ResponseError } from '../../../shared/core/errors.ts'
import { parseRetryAfter } from '../retry-after.ts'

export * from '../retry-after.ts'

export function retryAfterMs(error: unknown): number {
  let ms = 0
  for (const cause of causesOf(error)) {
    if (cause instanceof CircuitOpenError) ms = cause.retryAfterMs
    if (cause instanceof ResponseError) ms = parseRetryAfter(cause.headers['retry-after']) ?? ms
  }
  return ms
}
