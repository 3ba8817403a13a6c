/**
 * Mistake: knows an error by its code; that of AbortSignal.timeout has only a name, and is the commonest limit of an attempt.
 * Replaces: retryable.ts
 * Killed by: tells what may pass from what will not
 */
import { isTransient as correct } from '../retryable.ts'

export * from '../retryable.ts'

export const isTransient = (error: unknown): boolean => !(error instanceof DOMException) && correct(error)
