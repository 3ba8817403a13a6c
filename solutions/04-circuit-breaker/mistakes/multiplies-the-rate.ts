/**
 * Mistake: multiplies where it should divide: 7 of 100 calls are less than 100 * 0.07.
 * Replaces: circuit-breaker.ts
 * Killed by: opens when the share of failures is reached, and not only when it is passed
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'

export type * from '../options.ts'

export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>
  #calls = 0
  #failures = 0
  discarded = 0

  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
  }

  get state(): BreakerState {
    const { minimumCalls, failureRate } = this.#options
    return this.#calls >= minimumCalls && this.#failures >= this.#calls * failureRate
      ? { status: 'open', retryAfterMs: Infinity, cause: undefined }
      : { status: 'closed' }
  }

  async execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    if (this.state.status === 'open') throw new CircuitOpenError('open', Infinity)
    this.#calls++
    return operation(signal).catch((error) => {
      this.#failures++
      throw error
    })
  }
}
