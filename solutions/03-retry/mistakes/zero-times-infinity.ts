/**
 * Mistake: 2 ** attempt, which is Infinity from the 1,025th attempt on; times a random number of 0 that is NaN, and setTimeout(…, NaN) 1 ms.
 * Replaces: backoff.ts
 * Killed by: never yields NaN, nor more than the cap, however long it goes on
 */
import type { Backoff, BackoffOptions } from '../backoff.ts'

export * from '../backoff.ts'

export function fullJitter({ baseMs, capMs }: BackoffOptions): Backoff {
  return function* (random) {
    for (let attempt = 0; ; attempt++) yield Math.min(capMs, random() * baseMs * 2 ** attempt)
  }
}
