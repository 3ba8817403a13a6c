import { checkOptions, finiteMs } from '../../shared/core/options.ts'
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
export function fullJitter(options: BackoffOptions): Backoff {
  return exponential(options, (ceilingMs, random) => random * ceilingMs)
}

/** Half of the ceiling, and anything up to the other half: for when an instant second attempt is of no use. */
export function equalJitter(options: BackoffOptions): Backoff {
  return exponential(options, (ceilingMs, random) => ((1 + random) * ceilingMs) / 2)
}

/**
 * From `baseMs` to three times the delay before (which is `baseMs` at first), or to `capMs` if that is less: clients drift
 * apart instead of growing in step.
 */
export function decorrelatedJitter(options: BackoffOptions): Backoff {
  check(options)
  return function* (random) {
    for (let delayMs = options.baseMs; ; yield delayMs) {
      // The cap limits what is drawn from, not what was drawn, as in the article: there two of three clients that have
      // reached the cap wait for exactly the cap, and the herd is together again.
      delayMs = options.baseMs + random() * (Math.min(options.capMs, delayMs * 3) - options.baseMs)
    }
  }
}

function exponential(options: BackoffOptions, draw: (ceilingMs: number, random: number) => number): Backoff {
  check(options)
  return function* (random) {
    // Doubled step by step: `baseMs * 2 ** attempt` is Infinity by the thousandth attempt, and 0 × Infinity is NaN.
    for (let ceilingMs = options.baseMs; ; ceilingMs = Math.min(options.capMs, ceilingMs * 2)) {
      yield draw(ceilingMs, random())
    }
  }
}

function check({ baseMs, capMs }: BackoffOptions): void {
  checkOptions({ baseMs, capMs }, { baseMs: finiteMs, capMs: finiteMs })
  if (baseMs > capMs) throw new RangeError(`baseMs must be at most capMs, which is ${capMs}; got ${baseMs}`)
}
