/**
 * Mistake: joins the caller's signal to its own with AbortSignal.any, which ties every call's signal to the caller's life.
 * Replaces: timeout.ts
 * Killed by: leaves nothing on a signal that outlives 10,000 calls
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type TimeoutOptions, withTimeout as correct } from '../timeout.ts'

export type { TimeoutOptions }

export function withTimeout<T>(operation: Operation<T>, timeoutMs: number, { signal, deadline }: TimeoutOptions = {}) {
  const both = (own: AbortSignal) => operation(signal ? AbortSignal.any([own, signal]) : own)
  return correct(both, timeoutMs, { signal, deadline })
}
