/**
 * Mistake: looks at what is an instance of Error; those of another realm (node:vm, jest) are not, and are never retried.
 * Replaces: retryable.ts
 * Killed by: knows an error of another realm, and one that is its own cause
 */
import { isTransient as correct } from '../retryable.ts'

export * from '../retryable.ts'

export const isTransient = (error: unknown): boolean => error instanceof Error && correct(error)
