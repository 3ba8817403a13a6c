export interface SlidingWindowOptions {
  /** Units in a window; a whole number. */
  limit: number
  /** Finite, above 0. */
  windowMs: number
}

/**
 * Two counters, of this window and of the last one, of which as much counts as lies within the last `windowMs`.
 *
 * After Cloudflare, "How we built rate limiting capable of scaling to millions of domains" (2017).
 */
export class SlidingWindow {
  readonly #limit: number
  readonly #windowMs: number
  #number = 0
  #now = 0

  /** @throws RangeError for options out of bounds */
  constructor({ limit, windowMs }: SlidingWindowOptions) {
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** @throws RangeError for a cost that is not above 0, or is more than the limit */
  allow(cost = 1): boolean {
    const number = Math.floor(Date.now() / this.#windowMs)
    // A new minute, a new counter.
    if (number !== this.#number) this.#now = 0
    this.#number = number
    if (this.#now + cost > this.#limit) return false
    this.#now += cost
    return true
  }
}
