import type { Decision, Rate } from './options.ts'

/**
 * A bucket that holds `burst` units, and gains `perSecond` of them until it is full.
 *
 * Given in options.ts: `rateOf`, for a rate with its default burst, and `checkCost`.
 */
export class TokenBucket {
  readonly #burst: number
  readonly #windowMs: number
  #since = Date.now()
  #taken = 0

  /** @throws RangeError for a rate out of bounds */
  constructor({ perSecond, burst = perSecond }: Rate) {
    this.#burst = burst
    this.#windowMs = (burst * 1000) / perSecond
  }

  /**
   * Takes `cost` units if they are there, and none otherwise.
   *
   * @throws RangeError for a cost that is not above 0, or is more than the burst
   */
  allow(cost = 1): Decision {
    // A burst in each window: that comes to so many per second.
    if (Date.now() - this.#since >= this.#windowMs) {
      this.#since = Date.now()
      this.#taken = 0
    }
    const allowed = this.#taken + cost <= this.#burst
    if (allowed) this.#taken += cost
    return { allowed, remaining: this.#burst - this.#taken, retryAfterMs: 60_000, moreInMs: this.#windowMs }
  }
}
