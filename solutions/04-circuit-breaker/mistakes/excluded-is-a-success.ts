/**
 * Mistake: what says nothing counts as a success: our own full queue closes the circuit, and ends a row of failures.
 * Replaces: circuit-breaker.ts
 * Killed by: does not count errors that say nothing about the upstream
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  readonly #isExcluded: (error: unknown) => boolean

  constructor(options: BreakerOptions = {}) {
    super(options)
    this.#isExcluded = options.isExcluded ?? (() => false)
  }

  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    let excluded: { error: unknown } | undefined
    const excusing = (error: unknown) => {
      if (!this.#isExcluded(error)) throw error
      excluded = { error }
    }
    const result = await super.execute(async (signal) => operation(signal).catch(excusing), signal)
    if (excluded) throw excluded.error
    return result as T
  }
}
