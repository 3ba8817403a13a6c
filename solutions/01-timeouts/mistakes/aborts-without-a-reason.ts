/**
 * Mistake: tells the operation to stop, but not why; it cannot tell a caller who has left from a timeout.
 * Replaces: timeout.ts
 * Killed by: passes on the caller's abort at once, with the caller's own reason
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type TimeoutOptions, withTimeout as correct } from '../timeout.ts'

export type { TimeoutOptions }

export function withTimeout<T>(operation: Operation<T>, timeoutMs: number, options: TimeoutOptions = {}): Promise<T> {
  const bare = async (signal: AbortSignal) => {
    const own = new AbortController()
    signal.addEventListener('abort', () => own.abort(), { once: true })
    return operation(own.signal)
  }
  return correct(bare, timeoutMs, options)
}
