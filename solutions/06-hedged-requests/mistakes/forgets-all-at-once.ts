/**
 * Mistake: begins anew after each window: now and then, the percentile is that of a single sample.
 * Replaces: latency.ts
 * Killed by: knows what is normal now, not what was
 */
import { LiveLatency as Correct, type LiveLatencyOptions } from '../latency.ts'

export * from '../latency.ts'

export class LiveLatency {
  readonly #options: LiveLatencyOptions
  #current: Correct
  #samples = 0

  constructor(options: LiveLatencyOptions = {}) {
    this.#options = options
    this.#current = new Correct(options)
  }

  record(ms: number): void {
    this.#next().record(ms)
  }

  recordCensored(ms: number): void {
    this.#next().recordCensored(ms)
  }

  delayMs(): number {
    return this.#current.delayMs()
  }

  #next(): Correct {
    const { window = 1000 } = this.#options
    if (++this.#samples % window === 0) this.#current = new Correct({ ...this.#options, minSamples: 1 })
    return this.#current
  }
}
