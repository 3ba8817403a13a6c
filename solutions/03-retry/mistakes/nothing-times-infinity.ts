/**
 * Mistake: caps the ceiling, and has forgotten that a base of 0 is allowed; 0 times 2 ** 1024 is NaN, and so is the smaller of that and the cap.
 * Replaces: backoff.ts
 * Killed by: never yields NaN, nor more than the cap, however long it goes on
 */
import type { Backoff, BackoffOptions } from '../backoff.ts'

export * from '../backoff.ts'

export function fullJitter({ baseMs, capMs }: BackoffOptions): Backoff {
  return function* (random) {
    for (let attempt = 0; ; attempt++) yield random() * Math.min(capMs, baseMs * 2 ** attempt)
  }
}
