/**
 * Mistake: keeps each call with its time, so that room and the cost of a failure grow with the traffic.
 * Replaces: window.ts
 * Killed by: needs no more room for 100,000 calls than for 100
 */
export type { WindowCounts } from '../window.ts'

export class RollingWindow {
  readonly #windowMs: number
  #results: { at: number; failed: boolean }[] = []

  constructor(windowMs: number, _buckets: number) {
    this.#windowMs = windowMs
  }

  record(failed: boolean): void {
    this.#results.push({ at: performance.now(), failed })
  }

  counts() {
    this.#results = this.#results.filter(({ at }) => performance.now() - at < this.#windowMs)
    return { calls: this.#results.length, failures: this.#results.filter(({ failed }) => failed).length }
  }
}
