/**
 * Mistake: a counter for each window, and none for the last.
 * Replaces: window.ts
 * Killed by: lets no more than its limit through at once, across any edge
 */
import { checkOptions, count, durationMs } from '../../../shared/core/options.ts'
import { checkCost } from '../options.ts'

export interface SlidingWindowOptions {
  limit: number
  windowMs: number
}

export class SlidingWindow {
  readonly #limit: number
  readonly #windowMs: number
  #number = 0
  #now = 0

  constructor({ limit, windowMs }: SlidingWindowOptions) {
    checkOptions({ limit, windowMs }, { limit: count, windowMs: durationMs })
    this.#limit = limit
    this.#windowMs = windowMs
  }

  allow(cost = 1): boolean {
    checkCost(cost, this.#limit)
    const now = performance.now()
    const number = Math.floor(now / this.#windowMs)
    if (number > this.#number) {
      this.#now = 0
      this.#number = number
    }
    if (this.#now + cost > this.#limit) return false
    this.#now += cost
    return true
  }
}
