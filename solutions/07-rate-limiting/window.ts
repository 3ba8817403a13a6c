import { checkOptions, count, durationMs } from '../../shared/core/options.ts'
import { checkCost } from './options.ts'

export interface SlidingWindowOptions {
  /** Units in a window; a whole number. */
  limit: number
  /** Finite, above 0. */
  windowMs: number
}

/**
 * Two counters, of this window and of the last one, of which as much counts as lies within the last `windowMs`: as if
 * what came in it had come evenly. So across no edge there is more than `limit` at once; but who spreads it out, all of it
 * at the end of one window and the rest as the other's share melts, gets 2 · limit − 1 within `windowMs`.
 *
 * After Cloudflare, "How we built rate limiting capable of scaling to millions of domains" (2017).
 */
export class SlidingWindow {
  readonly #limit: number
  readonly #windowMs: number
  #number = 0
  #before = 0
  #now = 0

  /** @throws RangeError for options out of bounds */
  constructor({ limit, windowMs }: SlidingWindowOptions) {
    checkOptions({ limit, windowMs }, { limit: count, windowMs: durationMs })
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** @throws RangeError for a cost that is not above 0, or is more than the limit */
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
    if ((this.#before * leftMs) / this.#windowMs + this.#now + cost > this.#limit) return false
    this.#now += cost
    return true
  }
}
