/**
 * Mistake: when the break is over it lets everybody in, until the first of them comes back.
 * Replaces: circuit-breaker.ts
 * Killed by: lets exactly so many probes through, when a thousand ask
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'

export type * from '../options.ts'

export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>
  #failures = 0
  #openUntil = -Infinity
  discarded = 0

  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
  }

  get state(): BreakerState {
    if (this.#failures < this.#options.consecutiveFailures) return { status: 'closed' }
    const retryAfterMs = this.#openUntil - performance.now()
    return retryAfterMs > 0 ? { status: 'open', retryAfterMs, cause: undefined } : { status: 'half-open' }
  }

  async execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    const { state } = this
    if (state.status === 'open') throw new CircuitOpenError('open', state.retryAfterMs)
    try {
      const result = await operation(signal)
      this.#failures = 0
      return result
    } catch (error) {
      if (++this.#failures >= this.#options.consecutiveFailures)
        this.#openUntil = performance.now() + this.#options.breakMs
      throw error
    }
  }
}
