/**
 * Mistake: draws first and caps then, so that in a long outage nearly everybody waits for exactly the cap.
 * Replaces: backoff.ts
 * Killed by: spreads a hundred clients that have all reached the cap
 */
import type { Backoff, BackoffOptions } from '../backoff.ts'

export * from '../backoff.ts'

export function fullJitter({ baseMs, capMs }: BackoffOptions): Backoff {
  return function* (random) {
    for (let attempt = 0; ; attempt++) yield Math.min(capMs, random() * baseMs * 2 ** Math.min(attempt, 40))
  }
}
