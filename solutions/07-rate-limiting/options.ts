import { inspect } from 'node:util'
import { checkOptions, count, type Rule } from '../../shared/core/options.ts'

/** So many units a second on the long run, and how many of them at once. */
export interface Rate {
  /** Finite, above 0; may be a fraction. */
  perSecond: number
  /** So many at once, after a quiet while. A whole number. Default: what a second brings, rounded up. */
  burst?: number
}

/** What a limit says to somebody who asks. */
export interface Decision {
  allowed: boolean
  /** Whole units that are there still, whoever asks for them. */
  remaining: number
  /** Milliseconds after which it would be allowed, if nobody else came; 0 for what is allowed. */
  retryAfterMs: number
  /** Milliseconds until one more unit remains; 0 when it is full. */
  moreInMs: number
}

/** Limits its clients, each by itself. */
export interface Limit {
  /**
   * @param cost units, above 0 and at most the burst. Default: 1
   * @throws RangeError for another cost
   */
  take(client: string, cost?: number): Decision | Promise<Decision>
}

const perSecond: Rule = [(value) => value > 0 && value < Infinity, 'a finite number, above 0']

/**
 * The rate, with its default burst.
 *
 * @throws RangeError that names the option, what it takes and what it got
 */
export function rateOf({ perSecond: rate, burst = Math.max(1, Math.ceil(rate)) }: Rate): Required<Rate> {
  checkOptions({ perSecond: rate, burst }, { perSecond, burst: count })
  return { perSecond: rate, burst }
}

/** @throws RangeError for a cost that no bucket of that burst could ever have, or that would fill it */
export function checkCost(cost: number, burst: number): void {
  // Not by `checkOptions`, which wants a rule, and this one a text for each burst: it is asked with every call.
  if (typeof cost === 'number' && cost > 0 && cost <= burst) return
  throw new RangeError(`cost must be above 0, and at most the burst, which is ${burst}; got ${inspect(cost)}`)
}
