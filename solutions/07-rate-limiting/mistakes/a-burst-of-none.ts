/**
 * Mistake: rounds the default burst down, to nothing below one a second.
 * Replaces: options.ts
 * Killed by: has a burst of a second, unless it is told
 */
import { inspect } from 'node:util'
import { checkOptions, type Rule } from '../../../shared/core/options.ts'

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

const perSecond: Rule = [(value) => value > 0 && value < Infinity, 'a finite number, above 0']

export function rateOf({ perSecond: rate, burst = Math.floor(rate) || 0.5 }: Rate): Required<Rate> {
  checkOptions({ perSecond: rate, burst }, { perSecond })
  return { perSecond: rate, burst }
}

export function checkCost(cost: number, burst: number): void {
  // Not by `checkOptions`, which wants a rule, and this one a text for each burst: it is asked with every call.
  if (typeof cost === 'number' && cost > 0 && cost <= burst) return
  throw new RangeError(`cost must be above 0, and at most the burst, which is ${burst}; got ${inspect(cost)}`)
}
