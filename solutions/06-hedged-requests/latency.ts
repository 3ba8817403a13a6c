export interface LiveLatencyOptions {
  /** The share of attempts, in percent, that are fast enough to be left alone. Default: 95. */
  percentile?: number
  /** Successes before the first hedge, 1 or more. Default: 100, of which five are slower than the 95th percentile. */
  minSamples?: number
  /** After so many samples, all that is known by then counts half: 2 or more. Default: 1000. */
  window?: number
}

/** Each bucket ends 5 % above the one before, from 1 ms to 38 minutes. */
const GROWTH = 1.05
const BUCKETS = 300

/**
 * When to hedge: a percentile of the latency as it is now, 0 to 5 % above the true one, in constant memory. One for each
 * kind of call to a backend; that of quick and slow calls together is true of neither.
 *
 * Hedging hides what it measures, because the slow attempts are cancelled. Forget them, and only quick ones are left: the
 * delay sinks until everything is hedged. Count them as answers, and a hedge that was cancelled after 2 ms says that an
 * answer takes 2 ms. They are censored samples, like the patients who leave a study alive, and this is the estimator for
 * those: E. L. Kaplan and Paul Meier, "Nonparametric Estimation from Incomplete Observations", 1958.
 */
export class LiveLatency {
  readonly #percentile: number
  readonly #minSamples: number
  readonly #window: number
  readonly #answered = new Float64Array(BUCKETS)
  readonly #censored = new Float64Array(BUCKETS)
  #successes = 0
  #weight = 0

  /** @throws RangeError for options out of bounds */
  constructor({ percentile = 95, minSamples = 100, window = 1000 }: LiveLatencyOptions = {}) {
    if (!(percentile > 0 && percentile < 100))
      throw new RangeError(`percentile must be between 0 and 100, got ${percentile}`)
    if (!(minSamples >= 1)) throw new RangeError(`minSamples must be 1 or more, got ${minSamples}`)
    if (!(window >= 2)) throw new RangeError(`window must be 2 or more, got ${window}`)
    this.#percentile = percentile
    this.#minSamples = minSamples
    this.#window = window
  }

  /** An attempt succeeded after `ms`. */
  record(ms: number): void {
    this.#successes++
    this.#add(this.#answered, ms)
  }

  /** An attempt was cancelled or failed after `ms`: its answer would have taken longer, nobody knows how much. */
  recordCensored(ms: number): void {
    this.#add(this.#censored, ms)
  }

  /**
   * How long to wait for an attempt before the next one, in ms: 1 or more, `Infinity` for "do not hedge". When even the
   * longest that has been seen is not enough for the percentile, it is that longest.
   */
  delayMs(): number {
    if (this.#successes < this.#minSamples) return Infinity
    let bucket = -1
    let slower = 1
    let atRisk = this.#weight
    do {
      bucket++
      // Of those that were still running here, the share that went on. Who was cancelled here was running until here.
      slower *= 1 - this.#answered[bucket]! / atRisk
      atRisk -= this.#answered[bucket]! + this.#censored[bucket]!
      // Up to rounding, that is: what fades never goes quite to 0.
    } while (slower > 1 - this.#percentile / 100 + Number.EPSILON && atRisk > 1e-6)
    return GROWTH ** bucket
  }

  #add(buckets: Float64Array, ms: number): void {
    const bucket = Math.ceil(Math.log(ms) / Math.log(GROWTH))
    buckets[Math.min(BUCKETS - 1, Math.max(0, bucket))]!++
    if (++this.#weight < this.#window) return
    this.#weight /= 2
    for (const halved of [this.#answered, this.#censored]) halved.forEach((count, i) => (halved[i] = count / 2))
  }
}
