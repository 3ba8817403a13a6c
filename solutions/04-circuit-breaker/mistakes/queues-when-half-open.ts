/**
 * Mistake: while the probes are under way, the others wait for what becomes of them: and nobody has failed fast.
 * Replaces: circuit-breaker.ts
 * Killed by: lets exactly so many probes through, when a thousand ask
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  #decision = Promise.withResolvers<void>()

  constructor(options: BreakerOptions = {}) {
    super({ ...options, onChange: ({ from }) => from === 'half-open' && this.#decide() })
  }

  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await super.execute(operation, signal)
    } catch (error) {
      if (!(error instanceof CircuitOpenError) || this.state.status !== 'half-open') throw error
      await this.#decision.promise
      return this.execute(operation, signal)
    }
  }

  #decide() {
    this.#decision.resolve()
    this.#decision = Promise.withResolvers<void>()
  }
}
