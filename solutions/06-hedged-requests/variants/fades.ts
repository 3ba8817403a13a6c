/**
 * Replaces: latency.ts
 */
import { checkOptions, count } from '../../../shared/core/options.ts'
import type { LiveLatencyOptions } from '../latency.ts'

export * from '../latency.ts'

const bucketOf = (ms: number) => (ms > 1 ? Math.min(299, Math.ceil(Math.log(ms) / Math.log(1.05))) : 0)

/** Each answer weighs a little more than the one before it, so that none has to be forgotten. */
export class LiveLatency {
  readonly #options
  #answered = new Float64Array(300)
  #censored = new Float64Array(300)
  #weight = 1
  #successes = 0

  constructor({ percentile = 95, minSamples = 100, window = 1000 }: LiveLatencyOptions = {}) {
    checkOptions(
      { percentile, minSamples, window },
      {
        percentile: [(p) => p > 0 && p < 100, 'between 0 and 100'],
        minSamples: count,
        window: [(n) => count[0](n) && n > 1, '2 or more'],
      },
    )
    this.#options = { percentile, minSamples, window }
  }

  record(ms: number): void {
    this.#successes++
    this.#weight *= 1 + 1 / this.#options.window
    this.#answered[bucketOf(ms)]! += this.#weight
    if (this.#weight < 1e100) return
    this.#answered = this.#answered.map((n) => n / 1e100)
    this.#censored = this.#censored.map((n) => n / 1e100)
    this.#weight /= 1e100
  }

  recordCensored(ms: number): void {
    this.#censored[bucketOf(ms)]! += this.#weight
  }

  delayMs(): number {
    if (this.#successes < this.#options.minSamples) return Infinity
    let survival = 1
    let last = 0
    let atRisk = [...this.#answered, ...this.#censored].reduce((sum, n) => sum + n)
    const least = 1e-9 * atRisk
    for (let bucket = 0; bucket < 300; bucket++) {
      if (atRisk > least) survival *= 1 - this.#answered[bucket]! / atRisk
      if (this.#answered[bucket]! + this.#censored[bucket]! > least) last = bucket
      if (survival <= 1 - this.#options.percentile / 100 + 1e-12) return 1.05 ** bucket
      atRisk -= this.#answered[bucket]! + this.#censored[bucket]!
    }
    return 1.05 ** last
  }
}
