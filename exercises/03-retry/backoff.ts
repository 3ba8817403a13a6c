import type { Random } from '../../shared/core/random.ts'

/** How long to wait before each further attempt: delays in ms, begun anew for each call; when they end, so do the attempts. */
export type Backoff = (random: Random) => Iterator<number>

export interface BackoffOptions {
  /** The scale of the first delay, in ms. Finite, 0 or more. */
  baseMs: number
  /** No delay is longer. Finite, `baseMs` or more. */
  capMs: number
}

/**
 * Anything from nothing to the ceiling, which is `baseMs` and then doubles, up to `capMs`: the fewest calls, the widest
 * spread.
 *
 * All three kinds are from "Exponential Backoff And Jitter" (Marc Brooker, AWS Architecture Blog, 2015).
 *
 * @throws RangeError for options out of bounds
 */
export function fullJitter({ baseMs }: BackoffOptions): Backoff {
  // Exponential, so everybody gives the carrier more and more time. All of them the same.
  return function* (_random) {
    for (let attempt = 0; ; attempt++) yield baseMs * 2 ** attempt
  }
}

/** Half of the ceiling, and anything up to the other half: for when an instant second attempt is of no use. */
export function equalJitter(options: BackoffOptions): Backoff {
  return fullJitter(options)
}

/**
 * From `baseMs` to three times the delay before (which is `baseMs` at first), or to `capMs` if that is less: clients drift
 * apart instead of growing in step.
 */
export function decorrelatedJitter(options: BackoffOptions): Backoff {
  return fullJitter(options)
}
