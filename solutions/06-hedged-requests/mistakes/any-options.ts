/**
 * Mistake: takes any number for a percentile, and hedges at the slowest answer ever when it is 950.
 * Replaces: latency.ts
 * Killed by: refuses options that make no sense, by name
 */
import { LiveLatency as Correct, type LiveLatencyOptions } from '../latency.ts'

export * from '../latency.ts'

export class LiveLatency extends Correct {
  constructor({ percentile = 95, ...options }: LiveLatencyOptions = {}) {
    super({ percentile: Math.min(99.999, Math.max(0.001, percentile || 95)), ...options })
  }
}
