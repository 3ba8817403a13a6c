/**
 * Mistake: measures the break with Date.now(): when the clock is put forward it is over, when it is put back it never is.
 * Replaces: circuit-breaker.ts
 * Killed by: measures the break on a clock that nobody can set
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'

export type * from '../options.ts'

export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>
  #failures = 0
  #openedAt: number | undefined
  discarded = 0

  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
  }

  get state(): BreakerState {
    return this.#openedAt === undefined
      ? { status: 'closed' }
      : { status: 'open', retryAfterMs: this.#leftMs(this.#openedAt), cause: undefined }
  }

  async execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    if (this.#openedAt !== undefined && this.#leftMs(this.#openedAt) > 0)
      throw new CircuitOpenError('open', this.#leftMs(this.#openedAt))
    try {
      const result = await operation(signal)
      this.#openedAt = undefined
      this.#failures = 0
      return result
    } catch (error) {
      if (++this.#failures >= this.#options.consecutiveFailures) this.#openedAt = Date.now()
      throw error
    }
  }

  #leftMs(openedAt: number): number {
    return Math.max(0, openedAt + this.#options.breakMs - Date.now())
  }
}
