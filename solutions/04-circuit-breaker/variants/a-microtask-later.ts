/**
 * Another shape: the operation begins a microtask after its call was let in, as `Promise.resolve().then(…)` has it.
 * Replaces: circuit-breaker.ts
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    return super.execute((signal) => Promise.resolve(signal).then(operation), signal)
  }
}
