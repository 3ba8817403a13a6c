/**
 * Mistake: what is no failure counts as a success, so that a 404 closes the circuit (and ends a row of failures).
 * Replaces: circuit-breaker.ts
 * Killed by: does not count errors that say nothing about the upstream
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

  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    let excluded: { error: unknown } | undefined
    const excusing = (error: unknown) => {
      if (this.#isFailure(error)) throw error
      excluded = { error }
    }
    const result = await super.execute(async (signal) => operation(signal).catch(excusing), signal)
    if (excluded) throw excluded.error
    return result as T
  }
}
