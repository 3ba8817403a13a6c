/**
 * Mistake: a timer ends the break: one more thing to leak, to unref, and to run late.
 * Replaces: circuit-breaker.ts
 * Killed by: needs no timer for any of this
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'

export type * from '../options.ts'

export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>
  #status: BreakerState['status'] = 'closed'
  #failures = 0
  discarded = 0

  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
  }

  get state(): BreakerState {
    return this.#status === 'open'
      ? { status: 'open', retryAfterMs: this.#options.breakMs, cause: undefined }
      : { status: this.#status }
  }

  async execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    if (this.#status === 'open') throw new CircuitOpenError('open', this.#options.breakMs)
    try {
      const result = await operation(signal)
      this.#status = 'closed'
      this.#failures = 0
      return result
    } catch (error) {
      if (++this.#failures >= this.#options.consecutiveFailures || this.#status === 'half-open') {
        this.#status = 'open'
        setTimeout(() => (this.#status = 'half-open'), this.#options.breakMs).unref()
      }
      throw error
    }
  }
}
