/**
 * Mistake: says why while it is open, and forgets it with the first probe; who is refused then learns nothing.
 * Replaces: circuit-breaker.ts
 * Killed by: lets exactly so many probes through, when a thousand ask
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await super.execute(operation, signal)
    } catch (error) {
      if (!(error instanceof CircuitOpenError && this.state.status === 'half-open')) throw error
      throw new CircuitOpenError(error.message, error.retryAfterMs)
    }
  }
}
