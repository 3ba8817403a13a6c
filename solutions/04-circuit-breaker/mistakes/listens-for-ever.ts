/**
 * Mistake: listens to its caller's signal, and does not stop when the call has ended.
 * Replaces: circuit-breaker.ts
 * Killed by: hands everything on as it is, until it is open
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  cancelled = 0

  override execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    signal?.addEventListener('abort', () => this.cancelled++, { once: true })
    return super.execute(operation, signal)
  }
}
