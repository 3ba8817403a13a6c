/**
 * Mistake: drops whoever was cancelled before the delay, as if that said nothing: it says that no answer had come by then.
 * Replaces: latency.ts
 * Killed by: does not take a hedge that was cancelled early for a quick answer
 */
import { LiveLatency as Correct } from '../latency.ts'

export * from '../latency.ts'

export class LiveLatency extends Correct {
  override recordCensored(ms: number): void {
    if (ms >= this.delayMs()) super.recordCensored(ms)
  }
}
