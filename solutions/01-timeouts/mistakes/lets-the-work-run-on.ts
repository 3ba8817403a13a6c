/**
 * Mistake: stops waiting, but never tells the operation, which goes on for nobody.
 * Replaces: timeout.ts
 * Killed by: aborts the operation when the time is up
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type TimeoutOptions, withTimeout as correct } from '../timeout.ts'

export function withTimeout<T>(operation: Operation<T>, timeoutMs: number, options: TimeoutOptions = {}): Promise<T> {
  return correct(() => operation(options.signal ?? new AbortController().signal), timeoutMs, options)
}
