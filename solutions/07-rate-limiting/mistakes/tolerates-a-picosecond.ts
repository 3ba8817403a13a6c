/**
 * Mistake: tolerates a picosecond: numbers grow coarser, and after an hour the clock’s own steps are wider than that.
 * Replaces: bucket.ts
 * Killed by: says when to come again, and means it
 */
import { checkCost, type Decision, type Rate, rateOf } from '../options.ts'

const TOLERANCE_MS = 1e-9

export class TokenBucket {
  readonly #rate: Required<Rate>
  #fullAt = -Infinity

  constructor(rate: Rate) {
    this.#rate = rateOf(rate)
  }

  get fullAt(): number {
    return this.#fullAt
  }

  allow(cost = 1): Decision {
    const now = performance.now()
    const decision = decide(this.#rate, Math.max(0, this.#fullAt - now), cost)
    if (decision.allowed) this.#fullAt = Math.max(now, this.#fullAt) + (cost * 1000) / this.#rate.perSecond
    return decision
  }
}

export function decide(rate: Required<Rate>, owedMs: number, cost: number): Decision {
  checkCost(cost, rate.burst)
  const costMs = (cost * 1000) / rate.perSecond
  const lackMs = owedMs + costMs - (rate.burst * 1000) / rate.perSecond
  return lackMs > TOLERANCE_MS ? decision(rate, owedMs, lackMs) : decision(rate, owedMs + costMs)
}

export function decision({ perSecond, burst }: Required<Rate>, owedMs: number, lackMs = 0): Decision {
  const unitMs = 1000 / perSecond
  const remaining = Math.max(0, Math.floor((burst * unitMs - owedMs + TOLERANCE_MS) / unitMs))
  const moreInMs = owedMs > TOLERANCE_MS ? owedMs - (burst - remaining - 1) * unitMs : 0
  return { allowed: lackMs === 0, remaining, retryAfterMs: lackMs, moreInMs }
}
