/**
 * Replaces: latency.ts
 */
import type { LiveLatencyOptions } from '../latency.ts'

export * from '../latency.ts'

/** The latest samples as they are, sorted when somebody asks: exact, and a hundred times as dear. */
export class LiveLatency {
  readonly #share: number
  readonly #minSamples: number
  readonly #window: number
  readonly #samples: { ms: number; censored: boolean }[] = []
  #next = 0
  #successes = 0

  constructor({ percentile = 95, minSamples = 100, window = 1000 }: LiveLatencyOptions = {}) {
    if (!(percentile > 0 && percentile < 100)) throw new RangeError(`percentile: between 0 and 100, not ${percentile}`)
    if (!(minSamples >= 1)) throw new RangeError(`minSamples: 1 or more, not ${minSamples}`)
    if (!(window >= 2)) throw new RangeError(`window: 2 or more, not ${window}`)
    this.#share = percentile / 100
    this.#minSamples = minSamples
    this.#window = window
  }

  record(ms: number): void {
    this.#successes++
    this.#keep({ ms, censored: false })
  }

  recordCensored(ms: number): void {
    this.#keep({ ms, censored: true })
  }

  delayMs(): number {
    if (this.#successes < this.#minSamples) return Infinity
    const sorted = this.#samples.toSorted((a, b) => a.ms - b.ms || Number(a.censored) - Number(b.censored))
    let slower = 1
    for (const [i, { ms, censored }] of sorted.entries()) {
      if (!censored) slower *= 1 - 1 / (sorted.length - i)
      if (slower <= 1 - this.#share + 1e-9) return Math.max(1, ms)
    }
    return Math.max(1, sorted.at(-1)!.ms)
  }

  #keep(sample: { ms: number; censored: boolean }): void {
    this.#samples[this.#next++ % this.#window] = sample
  }
}
