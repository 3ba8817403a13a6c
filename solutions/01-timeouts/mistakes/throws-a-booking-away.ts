/**
 * Mistake: asks once more, after the work is done, whether the caller is still there; the parcel is booked, and nobody told.
 * Replaces: timeout.ts
 * Killed by: keeps what had succeeded before the abort, and nothing that succeeds after it
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type TimeoutOptions, withTimeout as correct } from '../timeout.ts'

export type { TimeoutOptions }

export async function withTimeout<T>(operation: Operation<T>, timeoutMs: number, options: TimeoutOptions = {}) {
  const result = await correct(operation, timeoutMs, options)
  options.signal?.throwIfAborted()
  return result
}
