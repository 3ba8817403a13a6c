/**
 * Mistake: one abort controller for the whole breaker, aborted when it opens: it cancels calls that were going well.
 * Replaces: circuit-breaker.ts
 * Killed by: lets the calls that are under way end as they will
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  readonly #controllers = [new AbortController()]

  constructor(options: BreakerOptions = {}) {
    super({ ...options, onChange: ({ to }) => to.status === 'open' && this.#cancelAll() })
  }

  override execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    return super.execute(() => operation(this.#controllers.at(-1)!.signal), signal)
  }

  #cancelAll() {
    this.#controllers.at(-1)!.abort()
    this.#controllers.push(new AbortController())
  }
}
