/* Replaces: bucket.ts */
import { type Decision, type Rate, checkCost, rateOf } from '../options.ts'
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
    const { perSecond, burst } = this.#rate
    return this.#at + ((burst - this.#tokens) * 1000) / perSecond
  }

  allow(cost = 1): Decision {
    const { perSecond, burst } = this.#rate
    checkCost(cost, burst)
    const now = performance.now()
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) * perSecond) / 1000)
    this.#at = now
    const unitMs = 1000 / perSecond
    const short = cost - this.#tokens
    const allowed = short * unitMs <= 0.001
    if (allowed) this.#tokens -= cost
    return decision(this.#rate, (burst - this.#tokens) * unitMs, allowed ? 0 : short * unitMs)
  }
}
