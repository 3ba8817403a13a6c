/**
 * Mistake: never forgets: a service that became slower yesterday is compared with last year.
 * Replaces: latency.ts
 * Killed by: knows what is normal now, not what was
 */
import { LiveLatency as Correct, type LiveLatencyOptions } from '../latency.ts'

export * from '../latency.ts'

export class LiveLatency extends Correct {
  constructor(options: LiveLatencyOptions = {}) {
    super({ ...options, window: Number.MAX_SAFE_INTEGER })
  }
}
