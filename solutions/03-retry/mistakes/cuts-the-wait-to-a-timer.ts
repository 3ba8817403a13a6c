/**
 * Mistake: cuts a wait to the most that setTimeout can hold, and so comes back after 24.8 days instead of 30.
 * Replaces: retry-after.ts
 * Killed by: does not take a very long wait for a very short one
 */
import { retryAfterMs as correct } from '../retry-after.ts'

export * from '../retry-after.ts'

export const retryAfterMs = (error: unknown): number => Math.min(2 ** 31 - 1, correct(error))
