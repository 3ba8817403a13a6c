/**
 * Mistake: gives a probe's slot back when its caller goes, though the call is still under way; so they pile up at who can hardly stand.
 * Replaces: circuit-breaker.ts
 * Killed by: takes back the slot of a probe that was cancelled, when it has ended
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    if (!signal) return super.execute(operation)
    const gone = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
    gone.catch(() => {})
    return super.execute((own) => Promise.race([operation(own), gone]), signal)
  }
}
