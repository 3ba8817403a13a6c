/**
 * Mistake: begins a slice with the first call after the end of the last one: the slices grow, and the window with them.
 * Replaces: window.ts
 * Killed by: forgets a slice at a time, not everything at once
 */
export type { WindowCounts } from '../window.ts'

export class RollingWindow {
  readonly #sliceMs: number
  readonly #ring: { calls: number; failures: number }[]
  #current = 0
  #startedAt = performance.now()

  constructor(windowMs: number, buckets: number) {
    this.#sliceMs = windowMs / buckets
    this.#ring = Array.from({ length: buckets }, () => ({ calls: 0, failures: 0 }))
  }

  record(failed: boolean): void {
    this.#turn()
    const bucket = this.#ring[this.#current]!
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
    const now = performance.now()
    const turns = Math.floor((now - this.#startedAt) / this.#sliceMs)
    if (turns === 0) return
    for (let i = 0; i < Math.min(turns, this.#ring.length); i++) {
      this.#current = (this.#current + 1) % this.#ring.length
      this.#ring[this.#current] = { calls: 0, failures: 0 }
    }
    this.#startedAt = now
  }
}
