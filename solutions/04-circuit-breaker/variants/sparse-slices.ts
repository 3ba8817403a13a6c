/**
 * Another shape: slices in a map, made when they are needed, counted from the first call instead of the clock's zero.
 * Replaces: window.ts
 */
import type { WindowCounts } from '../window.ts'

export type { WindowCounts }

export class RollingWindow {
  readonly #slices = new Map<number, WindowCounts>()
  readonly #sliceMs: number
  readonly #buckets: number
  readonly #startedAt = performance.now()

  constructor(windowMs: number, buckets: number) {
    this.#sliceMs = windowMs / buckets
    this.#buckets = buckets
  }

  record(failed: boolean): void {
    const slice = this.#now()
    const counts = this.#slices.get(slice) ?? { calls: 0, failures: 0 }
    this.#slices.set(slice, { calls: counts.calls + 1, failures: counts.failures + Number(failed) })
    this.#tidy()
  }

  counts(): WindowCounts {
    this.#tidy()
    const kept = [...this.#slices.values()]
    return {
      calls: kept.reduce((sum, { calls }) => sum + calls, 0),
      failures: kept.reduce((sum, { failures }) => sum + failures, 0),
    }
  }

  #tidy(): void {
    for (const slice of this.#slices.keys()) if (slice <= this.#now() - this.#buckets) this.#slices.delete(slice)
  }

  #now(): number {
    return Math.trunc((performance.now() - this.#startedAt) / this.#sliceMs)
  }
}
