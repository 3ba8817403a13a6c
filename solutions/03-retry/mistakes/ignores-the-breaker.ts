/**
 * Mistake: only responses say when to come back; an open breaker is asked again and again, until the attempts are used up.
 * Replaces: retry-after.ts
 * Killed by: leaves an open breaker alone until it lets a probe through
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { parseRetryAfter } from '../retry-after.ts'

export * from '../retry-after.ts'

export function retryAfterMs(error: unknown): number {
  return error instanceof ResponseError ? (parseRetryAfter(error.headers['retry-after']) ?? 0) : 0
}
