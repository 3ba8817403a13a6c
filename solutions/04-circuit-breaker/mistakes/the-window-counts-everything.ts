/**
 * Mistake: what does not count is a call in the window all the same, and makes the share of the failures smaller.
 * Replaces: circuit-breaker.ts
 * Killed by: does not count errors that say nothing about the upstream
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

/** Judges the failures in a row as it should, and leaves the share to another, whose calls never reject for what is excluded. */
export class CircuitBreaker extends Correct {
  readonly #byShare: Correct
  readonly #isExcluded: (error: unknown) => boolean

  constructor(options: BreakerOptions = {}) {
    super({ ...options, failureRate: Infinity })
    this.#byShare = new Correct({ ...options, consecutiveFailures: Infinity })
    this.#isExcluded = options.isExcluded ?? (() => false)
  }

  override get state(): BreakerState {
    return this.#byShare.state.status === 'closed' ? super.state : this.#byShare.state
  }

  override execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    return super.execute(async (signal) => {
      let excluded: { error: unknown } | undefined
      const result = await this.#byShare.execute(async (signal) => {
        return operation(signal).catch((error) => {
          if (!this.#isExcluded(error)) throw error
          excluded = { error }
        })
      }, signal)
      if (excluded) throw excluded.error
      return result as T
    }, signal)
  }
}
