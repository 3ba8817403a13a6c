import { checkOptions, count, type Rule } from '../../shared/core/options.ts'

export interface LiveLatencyOptions {
  /** The share of attempts, in percent, that are fast enough to be left alone: above 0, below 100. Default: 95. */
  percentile?: number
  /** Successes before the first hedge: 1 or more. Default: 100, of which five are slower than the 95th percentile. */
  minSamples?: number
  /** About how many answers it remembers: 2 or more. What is older fades, bit by bit. Default: 1000. */
  window?: number
}

const percentage: Rule = [(value) => value > 0 && value < 100, 'a percentage above 0 and below 100']
const halvable: Rule = [(value) => count[0](value) && value >= 2, 'a whole number, 2 or more']

/** Bucket n ends at GROWTH ** n milliseconds, each 5 % above the one before, from 1 ms to 38 minutes. */
const GROWTH = 1.05
const BUCKETS = 300
/** What took no more than a millisecond is in the first. */
const bucketOf = (ms: number) => (ms > 1 ? Math.min(BUCKETS - 1, Math.ceil(Math.log(ms) / Math.log(GROWTH))) : 0)

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
  readonly #share: number
  readonly #minSamples: number
  readonly #window: number
  readonly #answered = new Float64Array(BUCKETS)
  readonly #censored = new Float64Array(BUCKETS)
  /** All that is known, and how much of it is answers; what is older counts less. */
  #weight = 0
  #answers = 0
  #successes = 0

  /** @throws RangeError for options out of bounds */
  constructor({ percentile = 95, minSamples = 100, window = 1000 }: LiveLatencyOptions = {}) {
    checkOptions({ percentile, minSamples, window }, { percentile: percentage, minSamples: count, window: halvable })
    this.#share = percentile / 100
    this.#minSamples = minSamples
    this.#window = window
  }

  /** An attempt succeeded after `ms`. */
  record(ms: number): void {
    this.#successes++
    this.#weight++
    this.#answered[bucketOf(ms)]!++
    // Only answers make room for answers: an outage of a million refusals says nothing of how long one takes.
    if (++this.#answers >= this.#window) this.#halve()
  }

  /** An attempt was cancelled or failed after `ms`: its answer would have taken longer, nobody knows how much. */
  recordCensored(ms: number): void {
    this.#weight++
    this.#censored[bucketOf(ms)]!++
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
    } while (slower > 1 - this.#share + Number.EPSILON && atRisk > 1e-6)
    return GROWTH ** bucket
  }

  #halve(): void {
    this.#weight /= 2
    this.#answers /= 2
    for (const buckets of [this.#answered, this.#censored]) buckets.forEach((weight, i) => (buckets[i] = weight / 2))
  }
}
