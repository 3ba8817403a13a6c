/**
 * Mistake: turns the ring by one slice with each call, however long ago the last one was; a night is one slice.
 * Replaces: window.ts
 * Killed by: forgets over an idle night, as over a short break
 */
export type { WindowCounts } from '../window.ts'

export class RollingWindow {
  readonly #sliceMs: number
  readonly #ring: { calls: number; failures: number; startedAt: number }[]
  #current = 0

  constructor(windowMs: number, buckets: number) {
    this.#sliceMs = windowMs / buckets
    this.#ring = Array.from({ length: buckets }, () => ({ calls: 0, failures: 0, startedAt: performance.now() }))
  }

  record(failed: boolean): void {
    const bucket = this.#turn()
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
    const startedAt = performance.now()
    if (startedAt - this.#ring[this.#current]!.startedAt >= this.#sliceMs) {
      this.#current = (this.#current + 1) % this.#ring.length
      this.#ring[this.#current] = { calls: 0, failures: 0, startedAt }
    }
    return this.#ring[this.#current]!
  }
}
