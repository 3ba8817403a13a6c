/**
 * Mistake: a counter for each window, zeroed at its edge: two bursts within a moment.
 * Replaces: bucket.ts
 * Killed by: lets no more through in any span, whatever edge lies in it
 */
import { type Decision, type Rate, rateOf } from '../options.ts'

export { decide, decision } from '../bucket.ts'

export class TokenBucket {
  readonly #rate: Required<Rate>
  #since = performance.now()
  #taken = 0

  constructor(rate: Rate) {
    this.#rate = rateOf(rate)
  }

  get fullAt(): number {
    return Infinity
  }

  allow(cost = 1): Decision {
    const { perSecond, burst } = this.#rate
    const now = performance.now()
    const windowMs = (burst * 1000) / perSecond
    if (now - this.#since >= windowMs) {
      this.#since = now
      this.#taken = 0
    }
    const allowed = this.#taken + cost <= burst
    if (allowed) this.#taken += cost
    const leftMs = this.#since + windowMs - now
    return { allowed, remaining: burst - this.#taken, retryAfterMs: allowed ? 0 : leftMs, moreInMs: leftMs }
  }
}
