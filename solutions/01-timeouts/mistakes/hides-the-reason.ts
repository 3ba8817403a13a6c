/**
 * Mistake: calls everything that ends a call early a timeout, the caller's own abort too.
 * Replaces: timeout.ts
 * Killed by: passes on the caller's abort at once, with the caller's own reason
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type TimeoutOptions, withTimeout as correct } from '../timeout.ts'

export async function withTimeout<T>(operation: Operation<T>, timeoutMs: number, options: TimeoutOptions = {}) {
  try {
    return await correct(operation, timeoutMs, options)
  } catch (cause) {
    throw options.signal?.aborted ? new TimeoutError('Timed out', { cause }) : cause
  }
}
