/**
 * Mistake: keeps the latest thousand of all samples: after an outage these are refusals, and a refusal takes a millisecond.
 * Replaces: latency.ts
 * Killed by: learns nothing about answers from an outage that refuses at once
 */
import { LiveLatency as Correct, type LiveLatencyOptions } from '../latency.ts'

export * from '../latency.ts'

export class LiveLatency extends Correct {
  readonly #window: number
  #refused = 0

  constructor(options: LiveLatencyOptions = {}) {
    super(options)
    this.#window = options.window ?? 1000
  }

  override recordCensored(ms: number): void {
    super.recordCensored(ms)
    if (ms <= 1) this.#refused++
  }

  override delayMs(): number {
    return this.#refused > this.#window ? 1 : super.delayMs()
  }
}
