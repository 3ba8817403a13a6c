/**
 * Mistake: an answer is an answer, be it half a minute late.
 * Replaces: circuit-breaker.ts
 * Killed by: counts an answer that took too long as a failure, and hands it over all the same
 */
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  constructor(options: BreakerOptions = {}) {
    super({ ...options, slowCallMs: Infinity })
  }
}
