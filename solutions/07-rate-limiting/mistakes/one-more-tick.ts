/**
 * Mistake: adds a unit with a timer, for each bucket, for ever.
 * Replaces: bucket.ts
 * Killed by: does not care what the wall clock does, and needs no timer
 */
import { type Decision, type Rate, rateOf } from '../options.ts'
import { decision } from '../bucket.ts'

export { decide, decision } from '../bucket.ts'

export class TokenBucket {
  readonly #rate: Required<Rate>
  #tokens: number | undefined

  constructor(rate: Rate) {
    this.#rate = rateOf(rate)
  }

  get fullAt(): number {
    return Infinity
  }

  allow(cost = 1): Decision {
    const { perSecond, burst } = this.#rate
    const unitMs = 1000 / perSecond
    if (this.#tokens === undefined) {
      this.#tokens = burst
      setInterval(() => (this.#tokens = Math.min(burst, this.#tokens! + 1)), unitMs).unref()
    }
    const allowed = this.#tokens >= cost
    if (allowed) this.#tokens -= cost
    return decision(this.#rate, (burst - this.#tokens) * unitMs, allowed ? 0 : (cost - this.#tokens) * unitMs)
  }
}
