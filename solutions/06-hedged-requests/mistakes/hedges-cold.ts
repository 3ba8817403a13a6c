/**
 * Mistake: has no samples, and calls 0 ms their percentile.
 * Replaces: latency.ts
 * Killed by: does not hedge before it knows what is normal
 */
import { LiveLatency as Correct, type LiveLatencyOptions } from '../latency.ts'

export * from '../latency.ts'

export class LiveLatency extends Correct {
  constructor(options: LiveLatencyOptions = {}) {
    super({ ...options, minSamples: 1 })
  }

  override delayMs(): number {
    const ms = super.delayMs()
    return ms === Infinity ? 1 : ms
  }
}
