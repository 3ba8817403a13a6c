/**
 * Mistake: decorrelated jitter as it was published, with the cap around the draw: at the cap, two of three wait for exactly that.
 * Replaces: backoff.ts
 * Killed by: spreads a hundred clients at the cap, whichever it is, and never yields NaN
 */
import type { Backoff, BackoffOptions } from '../backoff.ts'

export * from '../backoff.ts'

export function decorrelatedJitter({ baseMs, capMs }: BackoffOptions): Backoff {
  return function* (random) {
    for (let delayMs = baseMs; ; yield delayMs) {
      delayMs = Math.min(capMs, baseMs + random() * (delayMs * 3 - baseMs))
    }
  }
}
