/**
 * Mistake: cuts the wait to what the deadline leaves, and makes a last attempt that has no time (p-retry 9 does this).
 * Replaces: retry.ts
 * Killed by: gives up now if the next attempt would come too late
 */
import { fullJitter } from '../backoff.ts'
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { backoff = fullJitter({ baseMs: 100, capMs: 10_000 }), deadline = Infinity } = options
  const cut: typeof backoff = function* (random) {
    for (const delays = backoff(random); ;) {
      yield Math.min(delays.next().value, Math.floor(deadline - performance.now() - 1))
    }
  }
  return correct(operation, { ...options, backoff: cut })
}
