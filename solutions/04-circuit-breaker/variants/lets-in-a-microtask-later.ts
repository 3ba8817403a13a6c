/**
 * Another shape: everything begins a microtask after `execute` is called, also the question whether to let the call in.
 * Replaces: circuit-breaker.ts
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    await undefined
    return super.execute(operation, signal)
  }
}
