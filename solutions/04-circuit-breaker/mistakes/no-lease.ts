/**
 * Mistake: waits for a probe for as long as it takes; one that never settles keeps the circuit half-open for ever.
 * Replaces: circuit-breaker.ts
 * Killed by: gives its slot to the next caller, when the lease is over
 */
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  constructor(options: BreakerOptions = {}) {
    super({ ...options, probeLeaseMs: Number.MAX_VALUE })
  }
}
