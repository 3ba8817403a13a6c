/**
 * Replaces: latency.ts
 */
import { checkOptions, count } from '../../../shared/core/options.ts'
import type { LiveLatencyOptions } from '../latency.ts'

export * from '../latency.ts'

/**
 * The latest samples as they are, sorted when somebody asks: exact, and a hundred times as dear. When too few of them are
 * answers, as after an outage, it knows nothing.
 */
export class LiveLatency {
  readonly #share: number
  readonly #minSamples: number
  readonly #window: number
  readonly #samples: { ms: number; censored: boolean }[] = []
  #next = 0
  #successes = 0

  constructor({ percentile = 95, minSamples = 100, window = 1000 }: LiveLatencyOptions = {}) {
    checkOptions(
      { percentile, minSamples, window },
      {
        percentile: [(value) => value > 0 && value < 100, 'between 0 and 100'],
        minSamples: count,
        window: [(value) => Number.isInteger(value) && value > 1, 'a whole number from 2'],
      },
    )
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
    const answers = this.#samples.filter(({ censored }) => !censored).length
    if (answers < Math.min(this.#minSamples, this.#window / 2)) return Infinity
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
