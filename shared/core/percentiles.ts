import { build } from 'hdr-histogram-js'

/** Latencies in milliseconds, kept to three significant digits from 1 µs to an hour in constant memory. */
export interface Latencies {
  readonly count: number
  /** Negative values count as 0, values above an hour as an hour. */
  record(ms: number): void
  /** The latency in ms that `percent` (0 to 100) of the calls did not exceed; 0 when nothing was recorded. */
  percentile(percent: number): number
  reset(): void
}

const HOUR_US = 3_600_000_000

/** An HDR histogram (Gil Tene): averages hide the tail, percentiles of averages invent one. */
export function latencies(): Latencies {
  const histogram = build({ highestTrackableValue: HOUR_US, numberOfSignificantValueDigits: 3 })
  return {
    get count() {
      return histogram.totalCount
    },
    record(ms) {
      histogram.recordValue(Math.min(HOUR_US, Math.max(0, Math.round(ms * 1000))))
    },
    percentile(percent) {
      return histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percent) / 1000
    },
    reset() {
      histogram.reset()
    },
  }
}
