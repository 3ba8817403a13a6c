/**
 * Mistake: takes the refusal of a breaker further in for a failure of the upstream, which nobody has asked.
 * Replaces: circuit-breaker.ts
 * Killed by: does not hold it against the upstream that a breaker further in refuses
 */
import { CircuitOpenError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

/** Carries a refusal past the breaker, which would know it. */
class Failure {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

export class CircuitBreaker extends Correct {
  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    const wrapped = (signal: AbortSignal) =>
      operation(signal).catch((error) => {
        throw error instanceof CircuitOpenError ? new Failure(error) : error
      })
    return super.execute(wrapped, signal).catch((error) => {
      throw error instanceof Failure ? error.error : error
    })
  }
}
