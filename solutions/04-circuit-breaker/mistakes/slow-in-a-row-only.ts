/**
 * Mistake: counts slow calls towards the row and not towards the share.
 * Replaces: circuit-breaker.ts
 * Killed by: counts it in the share, too, and though its caller has gone
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, type BreakerState, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

/** Judges the row, slow calls included, and leaves the share to another that does not look at the time. */
export class CircuitBreaker extends Correct {
  readonly #byShare: Correct

  constructor(options: BreakerOptions = {}) {
    super({ ...options, failureRate: Infinity })
    this.#byShare = new Correct({ ...options, consecutiveFailures: Infinity, slowCallMs: Infinity })
  }

  override get state(): BreakerState {
    return this.#byShare.state.status === 'closed' ? super.state : this.#byShare.state
  }

  override execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    return super.execute((own) => this.#byShare.execute(operation, own), signal)
  }
}
