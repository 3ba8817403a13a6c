/**
 * Mistake: tells of half-open before its own probe has a slot: what the listener calls takes them all, and one more goes in.
 * Replaces: circuit-breaker.ts
 * Killed by: keeps count while a listener calls it
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, withDefaults } from '../options.ts'

export type * from '../options.ts'

export class CircuitBreaker {
  readonly #options: Required<BreakerOptions>
  #state: BreakerState = { status: 'closed' }
  #openUntil = -Infinity
  #failures = 0
  #slots = 0
  discarded = 0

  constructor(options: BreakerOptions = {}) {
    this.#options = withDefaults(options)
  }

  get state(): BreakerState {
    return this.#state
  }

  async execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    const retryAfterMs = this.#openUntil - performance.now()
    if (this.#state.status === 'half-open' && this.#slots === 0) throw new CircuitOpenError('half-open', 1_000)
    if (this.#state.status === 'open') {
      if (retryAfterMs > 0) throw new CircuitOpenError('open', retryAfterMs)
      this.#slots = this.#options.probes
      this.#become({ status: 'half-open' })
    }
    this.#slots--
    try {
      const result = await operation(signal)
      if (this.#state.status === 'half-open') this.#become({ status: 'closed' })
      return result
    } catch (cause) {
      if (++this.#failures >= this.#options.consecutiveFailures) {
        this.#openUntil = performance.now() + this.#options.breakMs
        this.#become({ status: 'open', retryAfterMs: this.#options.breakMs, cause })
      }
      throw cause
    }
  }

  #become(to: BreakerState): void {
    const from = this.#state.status
    this.#state = to
    this.#options.onChange({ name: this.#options.name, from, to })
  }
}
