/**
 * Mistake: awaits the listener: when the log does not answer, nor does the breaker.
 * Replaces: circuit-breaker.ts
 * Killed by: does not wait for a listener
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  readonly #told: { last: unknown }

  constructor({ onChange, ...options }: BreakerOptions = {}) {
    const told: { last: unknown } = { last: undefined }
    super({ ...options, onChange: (change) => (told.last = onChange?.(change)) })
    this.#told = told
  }

  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await super.execute(operation, signal)
    } finally {
      await this.#told.last
    }
  }
}
