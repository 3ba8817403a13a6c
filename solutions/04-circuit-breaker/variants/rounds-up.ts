/**
 * Another shape: whole milliseconds, rounded up, for whoever waits.
 * Replaces: circuit-breaker.ts
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override get state() {
    const { state } = { state: super.state }
    return state.status === 'open' ? { ...state, retryAfterMs: Math.ceil(state.retryAfterMs) } : state
  }

  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await super.execute(operation, signal)
    } catch (error) {
      if (!(error instanceof CircuitOpenError)) throw error
      throw new CircuitOpenError(error.message, Math.ceil(error.retryAfterMs), error.cause)
    }
  }
}
