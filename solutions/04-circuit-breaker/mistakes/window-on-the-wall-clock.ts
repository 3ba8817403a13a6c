/**
 * Mistake: cuts its slices by the wall clock, which NTP and people set.
 * Replaces: window.ts
 * Killed by: does not notice when somebody sets the wall clock
 */
export type { WindowCounts } from '../window.ts'

export class RollingWindow {
  readonly #windowMs: number
  readonly #sliceMs: number
  readonly #slices = new Map<number, { calls: number; failures: number }>()

  constructor(windowMs: number, buckets: number) {
    this.#windowMs = windowMs
    this.#sliceMs = windowMs / buckets
  }

  record(failed: boolean): void {
    const slice = Math.floor(Date.now() / this.#sliceMs)
    const { calls, failures } = this.#slices.get(slice) ?? { calls: 0, failures: 0 }
    this.#slices.set(slice, { calls: calls + 1, failures: failures + (failed ? 1 : 0) })
  }

  counts() {
    const sum = { calls: 0, failures: 0 }
    for (const [slice, { calls, failures }] of this.#slices) {
      if ((slice + 1) * this.#sliceMs <= Date.now() - this.#windowMs + this.#sliceMs) this.#slices.delete(slice)
      else {
        sum.calls += calls
        sum.failures += failures
      }
    }
    return sum
  }
}
