/**
 * Mistake: asks whether there is an error instead of whether there was a failure; a rejection with nothing is a success.
 * Replaces: circuit-breaker.ts
 * Killed by: copes with operations that throw at once, or reject with nothing
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    let error: unknown
    const result = await super.execute(operation, signal).catch((reason) => (error = reason))
    if (error) throw error
    return result as T
  }
}
