/**
 * Mistake: tells the timeout as the time that was waited; when the deadline was first, the log is wrong.
 * Replaces: timeout.ts
 * Killed by: ends a call at its deadline, when that is before its timeout
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type TimeoutOptions, withTimeout as correct } from '../timeout.ts'

export type { TimeoutOptions }

export async function withTimeout<T>(operation: Operation<T>, timeoutMs: number, options: TimeoutOptions = {}) {
  try {
    return await correct(operation, timeoutMs, options)
  } catch (error) {
    throw error instanceof TimeoutError ? new TimeoutError('Timed out', { elapsedMs: timeoutMs }) : error
  }
}
