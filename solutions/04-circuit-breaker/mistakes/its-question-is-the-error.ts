/**
 * Mistake: lets what isFailure throws take the place of the upstream's error.
 * Replaces: circuit-breaker.ts
 * Killed by: takes a failure for a failure when isFailure or isExcluded fails
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  readonly #isFailure: (error: unknown) => boolean

  constructor(options: BreakerOptions = {}) {
    super(options)
    this.#isFailure = options.isFailure ?? (() => true)
  }

  override execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    return super.execute(operation, signal).catch((error) => {
      this.#isFailure(error)
      throw error
    })
  }
}
