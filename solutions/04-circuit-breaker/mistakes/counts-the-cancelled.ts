/**
 * Mistake: does not look at its caller's signal, and takes the users who leave for failures of the upstream.
 * Replaces: circuit-breaker.ts
 * Killed by: does not count a call that its caller has cancelled
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    return super.execute(() => operation(signal))
  }
}
