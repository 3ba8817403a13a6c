/**
 * Mistake: empties a bucket for each slice that has passed: the first call after the weekend stops the process for seconds.
 * Replaces: window.ts
 * Killed by: forgets over an idle night, as over a short break
 */
export type { WindowCounts } from '../window.ts'

export class RollingWindow {
  readonly #sliceMs: number
  readonly #ring: { calls: number; failures: number }[]
  #slice: number

  constructor(windowMs: number, buckets: number) {
    this.#sliceMs = windowMs / buckets
    this.#ring = Array.from({ length: buckets }, () => ({ calls: 0, failures: 0 }))
    this.#slice = Math.floor(performance.now() / this.#sliceMs)
  }

  record(failed: boolean): void {
    this.#turn()
    const bucket = this.#ring[this.#slice % this.#ring.length]!
    bucket.calls++
    if (failed) bucket.failures++
  }

  counts() {
    this.#turn()
    const sum = { calls: 0, failures: 0 }
    for (const { calls, failures } of this.#ring) {
      sum.calls += calls
      sum.failures += failures
    }
    return sum
  }

  #turn() {
    const newest = Math.floor(performance.now() / this.#sliceMs)
    while (this.#slice < newest) this.#ring[++this.#slice % this.#ring.length] = { calls: 0, failures: 0 }
  }
}
