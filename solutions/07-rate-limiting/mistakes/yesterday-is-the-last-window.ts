/**
 * Mistake: the last window is the last in which somebody came, be it yesterday’s.
 * Replaces: window.ts
 * Killed by: forgets an idle while, however long
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
      this.#before = this.#now
      this.#now = 0
      this.#number = number
    }
    const leftMs = this.#windowMs - (now % this.#windowMs)
    if ((this.#before * leftMs) / this.#windowMs + this.#now + cost > this.#limit) return false
    this.#now += cost
    return true
  }
}
