/**
 * Mistake: begins the call, and then asks the breaker about it; the upstream gets them all.
 * Replaces: circuit-breaker.ts
 * Killed by: opens after so many failures in a row, and then does not call at all
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override execute<T>(operation: Operation<T>, signal = new AbortController().signal): Promise<T> {
    const result = operation(signal)
    return super.execute(() => result, signal)
  }
}
