import { checkCost, type Decision, type Rate, rateOf } from './options.ts'

/** A microsecond: who comes when he was told is not refused for the last bit of a fraction. */
const TOLERANCE_MS = 0.001

/**
 * A bucket that holds `burst` units, and gains `perSecond` of them until it is full. It is one number, *when it will be
 * full again*: no tokens that have to be added, no time at which that was done last, nothing to be rounded, and no timer.
 *
 * That is the generic cell rate algorithm of ATM (ITU-T I.371, 1996), the leaky bucket as a meter.
 */
export class TokenBucket {
  readonly #rate: Required<Rate>
  #fullAt = -Infinity

  /** @throws RangeError for a rate out of bounds */
  constructor(rate: Rate) {
    this.#rate = rateOf(rate)
  }

  /** On the clock of `performance.now()`. From then on, it is like one that nobody has ever asked. */
  get fullAt(): number {
    return this.#fullAt
  }

  /**
   * Takes `cost` units if they are there, and none otherwise.
   *
   * @throws RangeError for a cost that is not above 0, or is more than the burst
   */
  allow(cost = 1): Decision {
    const now = performance.now()
    const decision = decide(this.#rate, Math.max(0, this.#fullAt - now), cost)
    if (decision.allowed) this.#fullAt = Math.max(now, this.#fullAt) + (cost * 1000) / this.#rate.perSecond
    return decision
  }
}

/**
 * What a bucket says that will be full in `owedMs`.
 *
 * @throws RangeError for a cost that is not above 0, or is more than the burst
 */
export function decide(rate: Required<Rate>, owedMs: number, cost: number): Decision {
  checkCost(cost, rate.burst)
  const costMs = (cost * 1000) / rate.perSecond
  const lackMs = owedMs + costMs - (rate.burst * 1000) / rate.perSecond
  return lackMs > TOLERANCE_MS ? decision(rate, owedMs, lackMs) : decision(rate, owedMs + costMs)
}

/** In words, of a bucket that will be full in `owedMs`; refused for as long as `lackMs`. */
export function decision({ perSecond, burst }: Required<Rate>, owedMs: number, lackMs = 0): Decision {
  const unitMs = 1000 / perSecond
  const remaining = Math.max(0, Math.floor((burst * unitMs - owedMs + TOLERANCE_MS) / unitMs))
  const moreInMs = owedMs > TOLERANCE_MS ? owedMs - (burst - remaining - 1) * unitMs : 0
  return { allowed: lackMs === 0, remaining, retryAfterMs: lackMs, moreInMs }
}
