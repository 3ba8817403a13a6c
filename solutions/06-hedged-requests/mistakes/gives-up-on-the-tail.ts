/**
 * Mistake: does not know the percentile when most of the slow were cancelled, and stops hedging, just when a tenth is slow.
 * Replaces: latency.ts
 * Killed by: does not forget the slow because they were cancelled
 */
import { LiveLatency as Correct } from '../latency.ts'

export * from '../latency.ts'

export class LiveLatency extends Correct {
  #slowestMs = 0

  override record(ms: number): void {
    super.record(ms)
    this.#slowestMs = Math.max(this.#slowestMs, ms)
  }

  override delayMs(): number {
    const ms = super.delayMs()
    return ms > 1.05 * Math.max(1, this.#slowestMs) ? Infinity : ms
  }
}
