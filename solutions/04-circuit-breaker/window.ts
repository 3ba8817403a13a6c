/** What happened within the window. */
export interface WindowCounts {
  calls: number
  failures: number
}

/**
 * Counts the calls of the last `windowMs` milliseconds, in slices of `windowMs / buckets` that are forgotten one at a
 * time: all it knows is at most `windowMs` old, and at least the last `windowMs` less one slice is there. Memory and the
 * cost of a call depend on `buckets` alone, however many calls there are.
 *
 * No timer turns it. Each use first forgets what has grown too old since the last one, be that nothing or a night's worth.
 */
export class RollingWindow {
  readonly #sliceMs: number
  /** A ring: the slice of number n, counted from the clock's zero, has its bucket at n modulo the length. */
  readonly #ring: WindowCounts[]
  #newest = 0
  #newestEndsAt = 0

  constructor(windowMs: number, buckets: number) {
    this.#sliceMs = windowMs / buckets
    this.#ring = Array.from({ length: buckets }, () => ({ calls: 0, failures: 0 }))
  }

  record(failed: boolean): void {
    this.#forget()
    const bucket = this.#ring[this.#newest % this.#ring.length]!
    bucket.calls++
    if (failed) bucket.failures++
  }

  counts(): WindowCounts {
    this.#forget()
    const sum = { calls: 0, failures: 0 }
    for (const { calls, failures } of this.#ring) {
      sum.calls += calls
      sum.failures += failures
    }
    return sum
  }

  #forget(): void {
    const now = performance.now()
    if (now < this.#newestEndsAt) return
    const newest = Math.floor(now / this.#sliceMs)
    // After an idle night each bucket is emptied once, not once for every slice of the night.
    for (let slice = Math.max(this.#newest, newest - this.#ring.length) + 1; slice <= newest; slice++)
      this.#ring[slice % this.#ring.length] = { calls: 0, failures: 0 }
    this.#newest = newest
    this.#newestEndsAt = (newest + 1) * this.#sliceMs
  }
}
