/**
 * Mistake: takes chance off first and caps then: at the longest break, all breakers probe together.
 * Replaces: circuit-breaker.ts
 * Killed by: takes a random share off each break, of the longest too
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
    return { status: 'open', retryAfterMs: Math.max(0, this.#openUntil - performance.now()), cause: undefined }
  }

  async execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    const { state } = this
    if (state.status === 'open' && state.retryAfterMs > 0) throw new CircuitOpenError('open', state.retryAfterMs)
    try {
      const result = await operation(signal)
      this.#failures = 0
      return result
    } catch (error) {
      const { consecutiveFailures, breakMs, maxBreakMs, jitter, random } = this.#options
      const breaks = ++this.#failures - consecutiveFailures
      const lengthMs = Math.min(maxBreakMs, breakMs * 2 ** breaks * (1 - jitter * random()))
      if (breaks >= 0) this.#openUntil = performance.now() + lengthMs
      throw error
    }
  }
}
