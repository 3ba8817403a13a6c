/**
 * Mistake: measures on a clock that somebody can set.
 * Replaces: bucket.ts
 * Killed by: does not care what the wall clock does, and needs no timer
 */
import { type Decision, type Rate, rateOf } from '../options.ts'
import { decision } from '../bucket.ts'

export { decide, decision } from '../bucket.ts'

export class TokenBucket {
  readonly #rate: Required<Rate>
  #tokens = Infinity
  #at = 0

  constructor(rate: Rate) {
    this.#rate = rateOf(rate)
  }

  get fullAt(): number {
    return Infinity
  }

  allow(cost = 1): Decision {
    const { perSecond, burst } = this.#rate
    const now = Date.now()
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) * perSecond) / 1000)
    this.#at = now
    const unitMs = 1000 / perSecond
    const allowed = this.#tokens >= cost
    if (allowed) this.#tokens -= cost
    return decision(this.#rate, (burst - this.#tokens) * unitMs, allowed ? 0 : (cost - this.#tokens) * unitMs)
  }
}
