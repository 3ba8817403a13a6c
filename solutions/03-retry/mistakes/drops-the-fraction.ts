/**
 * Mistake: rounds to the nearest millisecond, and is half a one early.
 * Replaces: retry-after.ts
 * Killed by: leaves an open breaker alone until it lets a probe through
 */
import { retryAfterMs as correct } from '../retry-after.ts'

export * from '../retry-after.ts'

export const retryAfterMs = (error: unknown): number => Math.round(correct(error))
