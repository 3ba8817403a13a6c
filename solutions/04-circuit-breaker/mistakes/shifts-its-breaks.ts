/**
 * Mistake: doubles by a shift: after 31 failed probes the break is negative, and every call a probe.
 * Replaces: circuit-breaker.ts
 * Killed by: doubles the break each time a probe fails, up to the longest
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'

export type * from '../options.ts'

export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>
  #failures = 0
  #openUntil = -Infinity
  #cause: unknown
  discarded = 0

  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
  }

  get state(): BreakerState {
    if (this.#failures < this.#options.consecutiveFailures) return { status: 'closed' }
    return { status: 'open', retryAfterMs: Math.max(0, this.#openUntil - performance.now()), cause: this.#cause }
  }

  async execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    const { state } = this
    if (state.status === 'open' && state.retryAfterMs > 0) throw new CircuitOpenError('open', state.retryAfterMs)
    try {
      const result = await operation(signal)
      this.#failures = 0
      return result
    } catch (error) {
      const { consecutiveFailures, breakMs, maxBreakMs } = this.#options
      const breaks = ++this.#failures - consecutiveFailures
      if (breaks >= 0) this.#openUntil = performance.now() + Math.min(maxBreakMs, breakMs * (1 << breaks))
      this.#cause = error
      throw error
    }
  }
}
