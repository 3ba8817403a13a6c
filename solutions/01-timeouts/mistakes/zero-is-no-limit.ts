/**
 * Mistake: takes a timeout of 0 for none at all, as undici does; it is what is left when everything has been spent.
 * Replaces: timeout.ts
 * Killed by: does not begin work whose time is up
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type TimeoutOptions, withTimeout as correct } from '../timeout.ts'

export type { TimeoutOptions }

export function withTimeout<T>(operation: Operation<T>, timeoutMs: number, options: TimeoutOptions = {}): Promise<T> {
  return correct(operation, timeoutMs === 0 ? Infinity : timeoutMs, options)
}
