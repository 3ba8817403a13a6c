/**
 * Mistake: asks an upstream that is down for a day every five seconds.
 * Replaces: circuit-breaker.ts
 * Killed by: doubles the break each time a probe fails, up to the longest
 */
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  constructor({ breakMs = 5_000, ...options }: BreakerOptions = {}) {
    super({ ...options, breakMs, maxBreakMs: breakMs })
  }
}
