/**
 * Mistake: no bounds: a rate of NaN is no limit at all.
 * Replaces: options.ts
 * Killed by: refuses nonsense by name
 */
import { inspect } from 'node:util'

export interface Rate {
  perSecond: number
  burst?: number
}

export interface Decision {
  allowed: boolean
  remaining: number
  retryAfterMs: number
  moreInMs: number
}

export interface Limit {
  take(client: string, cost?: number): Decision | Promise<Decision>
}

export function rateOf({ perSecond: rate, burst = Math.max(1, Math.ceil(rate)) }: Rate): Required<Rate> {
  return { perSecond: rate, burst }
}

export function checkCost(cost: number, burst: number): void {
  // Not by `checkOptions`, which wants a rule, and this one a text for each burst: it is asked with every call.
  if (typeof cost === 'number' && cost > 0 && cost <= burst) return
  throw new RangeError(`cost must be above 0, and at most the burst, which is ${burst}; got ${inspect(cost)}`)
}
