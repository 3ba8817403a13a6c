/**
 * Mistake: Retry-After takes the place of the backoff, and all who were told "1" come back in the same millisecond (ky 1.14 does this).
 * Replaces: retry.ts
 * Killed by: does not send back together all who were told the same
 */
import { fullJitter } from '../backoff.ts'
import { retryAfterMs } from '../retry-after.ts'
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { backoff = fullJitter({ baseMs: 100, capMs: 10_000 }) } = options
  let last: unknown
  const remembering = (signal: AbortSignal, attempt: number) =>
    operation(signal, attempt).catch((error) => Promise.reject((last = error)))
  const either: typeof backoff = function* (random) {
    for (const delays = backoff(random); ;) yield retryAfterMs(last) > 0 ? 0 : delays.next().value
  }
  return correct(remembering, { ...options, backoff: either })
}
