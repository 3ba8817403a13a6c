/**
 * Mistake: caps what the upstream has asked for like a break of its own, and comes back while it is told to wait.
 * Replaces: circuit-breaker.ts
 * Killed by: stays open for as long as the upstream has asked
 */
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  constructor({ retryAfterMs, ...options }: BreakerOptions = {}) {
    const { maxBreakMs = 60_000 } = options
    super({ ...options, retryAfterMs: (error) => Math.min(maxBreakMs, retryAfterMs?.(error) ?? 0) })
  }
}
