/**
 * Mistake: reads Retry-After of the two statuses that are known for it; a 500 and a 408 may say it as well.
 * Replaces: retry-after.ts
 * Killed by: leaves a carrier alone for as long as it asked
 */
import { causesOf, ResponseError } from '../../../shared/core/errors.ts'
import { retryAfterMs as correct } from '../retry-after.ts'

export * from '../retry-after.ts'

export function retryAfterMs(error: unknown): number {
  const response = [...causesOf(error)].find((cause) => cause instanceof ResponseError)
  return response && ![429, 503].includes(response.status) ? 0 : correct(error)
}
