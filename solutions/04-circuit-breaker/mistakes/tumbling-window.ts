/**
 * Mistake: starts a new window every windowMs, so that just after each start it knows nothing.
 * Replaces: window.ts
 * Killed by: forgets a slice at a time, not everything at once
 */
export type { WindowCounts } from '../window.ts'

export class RollingWindow {
  readonly #windowMs: number
  #startedAt = performance.now()
  #counts = { calls: 0, failures: 0 }

  constructor(windowMs: number, _buckets: number) {
    this.#windowMs = windowMs
  }

  record(failed: boolean): void {
    this.counts()
    this.#counts.calls++
    if (failed) this.#counts.failures++
  }

  counts() {
    if (performance.now() - this.#startedAt >= this.#windowMs) {
      this.#counts = { calls: 0, failures: 0 }
      this.#startedAt = performance.now()
    }
    return this.#counts
  }
}
