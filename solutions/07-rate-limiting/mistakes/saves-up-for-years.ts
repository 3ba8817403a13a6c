/**
 * Mistake: no end to what is saved up: a quiet night is a flood in the morning.
 * Replaces: bucket.ts
 * Killed by: lets a burst through, and then a unit at a time
 */
import { type Decision, type Rate, rateOf } from '../options.ts'
import { decision } from '../bucket.ts'

export { decide, decision } from '../bucket.ts'

export class TokenBucket {
  readonly #rate: Required<Rate>
  #fullAt: number | undefined

  constructor(rate: Rate) {
    this.#rate = rateOf(rate)
  }

  get fullAt(): number {
    return Infinity
  }

  allow(cost = 1): Decision {
    const { perSecond, burst } = this.#rate
    const unitMs = 1000 / perSecond
    const now = performance.now()
    this.#fullAt ??= now
    const lackMs = this.#fullAt - now + (cost - burst) * unitMs
    if (lackMs > 0.001) return decision(this.#rate, this.#fullAt - now, lackMs)
    this.#fullAt += cost * unitMs
    return decision(this.#rate, Math.max(0, this.#fullAt - now))
  }
}
