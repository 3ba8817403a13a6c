/**
 * Mistake: draws once for a call, and stretches that: two clients that drew alike meet at every attempt, and who drew little never waits.
 * Replaces: backoff.ts
 * Killed by: spreads a hundred clients that have all reached the cap
 */
import { type BackoffOptions, fullJitter as correct } from '../backoff.ts'

export * from '../backoff.ts'

export function fullJitter(options: BackoffOptions): ReturnType<typeof correct> {
  const backoff = correct(options)
  return (random) => {
    const luck = random()
    return backoff(() => luck)
  }
}
