/**
 * Mistake: reads Retry-After of the error itself; wrapped in another one it is not seen, and the carrier asked at once.
 * Replaces: retry-after.ts
 * Killed by: leaves a carrier alone for as long as it asked
 */
import { CircuitOpenError, ResponseError } from '../../../shared/core/errors.ts'
import { retryAfterMs as correct } from '../retry-after.ts'

export * from '../retry-after.ts'

export function retryAfterMs(error: unknown): number {
  return error instanceof ResponseError || error instanceof CircuitOpenError ? correct(error) : 0
}
