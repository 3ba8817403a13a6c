/**
 * Mistake: never waits longer than 30 s, whatever was asked for, and so comes too early (undici 8's RetryAgent does this).
 * Replaces: retry-after.ts
 * Killed by: leaves a carrier alone for as long as it asked
 */
import { retryAfterMs as correct } from '../retry-after.ts'

export * from '../retry-after.ts'

export function retryAfterMs(error: unknown): number {
  return Math.min(30_000, correct(error))
}
