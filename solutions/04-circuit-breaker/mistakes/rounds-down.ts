/**
 * Mistake: rounds down to whole milliseconds: who comes back then is refused.
 * Replaces: circuit-breaker.ts
 * Killed by: never says that it is over before it is
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    return super.execute(operation, signal).catch((error) => {
      if (!(error instanceof CircuitOpenError)) throw error
      throw new CircuitOpenError(error.message, Math.floor(error.retryAfterMs), error.cause)
    })
  }
}
