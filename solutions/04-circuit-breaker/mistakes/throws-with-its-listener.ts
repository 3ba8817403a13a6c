/**
 * Mistake: what the listener throws takes the place of the caller's own result.
 * Replaces: circuit-breaker.ts
 * Killed by: is not upset by a listener that fails, at once or later
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'

export type * from '../options.ts'

export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>
  #state: BreakerState = { status: 'closed' }
  #failures = 0
  discarded = 0

  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
  }

  get state(): BreakerState {
    return this.#state
  }

  async execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    if (this.#state.status === 'open') throw new CircuitOpenError('open', this.#state.retryAfterMs)
    try {
      return await operation(signal)
    } catch (cause) {
      if (++this.#failures >= this.#options.consecutiveFailures)
        this.#become({ status: 'open', retryAfterMs: this.#options.breakMs, cause })
      throw cause
    }
  }

  #become(to: BreakerState): void {
    const from = this.#state.status
    this.#state = to
    this.#options.onChange({ name: this.#options.name, from, to })
  }
}
