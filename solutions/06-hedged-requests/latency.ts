/** When to hedge, learnt from how long the attempts take. One for each kind of call to a backend. */
export interface LiveLatency {
  /** How long to wait for an attempt before the next one, 1 ms or more; `Infinity` for "do not hedge". */
  delayMs(): number
  /** An attempt succeeded after `ms`. */
  record(ms: number): void
  /** An attempt was cancelled or failed after `ms`: the answer would have taken longer, nobody knows how much. */
  recordCensored(ms: number): void
}

export interface LatencyOptions {
  /** The share of attempts, in percent, that are fast enough to be left alone. Default: 95. */
  percentile?: number
  /** Successes before the first hedge. Default: 100, of which five are beyond the 95th percentile. */
  minSamples?: number
  /** Samples after which all that is known so far counts half. Default: 1000. */
  window?: number
}

/** Each bucket's upper edge is 5 % above the one before, from 1 ms: the floor of the delay, up to 38 minutes. */
const GROWTH = 1.05
const BUCKETS = 300

const bucketOf = (ms: number) => Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log(ms) / Math.log(GROWTH))))

/**
 * The live percentile of the latency, in constant memory, 0 to 5 % above the true one.
 *
 * Hedging hides what it measures: slow attempts lose and are cancelled. Forgotten, they would leave only fast ones, so
 * that the percentile, and with it the delay, would sink until everything is hedged; counted as answers, the hedges
 * cancelled after 2 ms would say that an answer takes 2 ms. They are censored samples, as a patient who leaves a study
 * alive is, and this is the estimator for those: E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete
 * Observations", 1958.
 *
 * @throws RangeError for options out of bounds
 */
export function liveLatency({ percentile = 95, minSamples = 100, window = 1000 }: LatencyOptions = {}): LiveLatency {
  if (!(percentile > 0 && percentile < 100)) throw new RangeError(`percentile must be between 0 and 100, got ${percentile}`)
  if (!(minSamples >= 1)) throw new RangeError(`minSamples must be 1 or more, got ${minSamples}`)
  if (!(window >= 1)) throw new RangeError(`window must be 1 or more, got ${window}`)
  const answered = new Float64Array(BUCKETS)
  const censored = new Float64Array(BUCKETS)
  let successes = 0
  let weight = 0

  const add = (buckets: Float64Array, ms: number) => {
    buckets[bucketOf(ms)]!++
    if (++weight < window) return
    weight /= 2
    for (const half of [answered, censored]) half.forEach((count, i) => (half[i] = count / 2))
  }

  return {
    record(ms) {
      successes++
      add(answered, ms)
    },
    recordCensored(ms) {
      add(censored, ms)
    },
    delayMs() {
      if (successes < minSamples) return Infinity
      let atRisk = weight
      let slower = 1
      let last = 0
      for (let i = 0; i < BUCKETS && atRisk > 0; i++) {
        // Of those that got this far, the share that gets further. Who was cancelled here counts up to here.
        slower *= 1 - answered[i]! / atRisk
        atRisk -= answered[i]! + censored[i]!
        last = i
        if (slower <= 1 - percentile / 100 + Number.EPSILON) break
      }
      // When all the slow ones were cancelled, the percentile is beyond the slowest of them: it is the best guess.
      return GROWTH ** last
    },
  }
}
