/**
 * Mistake: takes of the last window what is over, not what is left.
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
  #before = 0
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
      this.#before = number === this.#number + 1 ? this.#now : 0
      this.#now = 0
      this.#number = number
    }
    const leftMs = this.#windowMs - (now % this.#windowMs)
    if ((this.#before * (this.#windowMs - leftMs)) / this.#windowMs + this.#now + cost > this.#limit) return false
    this.#now += cost
    return true
  }
}
