/**
 * Mistake: takes a call for cancelled only if it throws the signal's reason; a socket that was cut throws its own.
 * Replaces: circuit-breaker.ts
 * Killed by: does not count a call that its caller has cancelled
 */
import { neverAborts } from '../../../shared/core/never-aborts.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  override async execute<T>(operation: Operation<T>, signal = neverAborts): Promise<T> {
    signal.throwIfAborted()
    const cancelled = new AbortController()
    return super.execute(async () => {
      try {
        return await operation(signal)
      } catch (error) {
        if (signal.aborted && error === signal.reason) cancelled.abort(error)
        throw error
      }
    }, cancelled.signal)
  }
}
