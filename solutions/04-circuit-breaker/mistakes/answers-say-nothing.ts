/**
 * Mistake: what is no failure is no success either, so that a night of 404s keeps it half-open.
 * Replaces: circuit-breaker.ts
 * Killed by: takes an answer for a success, also one that nobody likes
 */
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  constructor({ isFailure = () => true, ...options }: BreakerOptions = {}) {
    super({ ...options, isFailure, isExcluded: (error) => !isFailure(error) || !!options.isExcluded?.(error) })
  }
}
