/**
 * Mistake: a new breaker for each call, which never sees a second failure.
 * Replaces: breakers.ts
 * Killed by: gives an endpoint the same breaker each time, under its name
 */
import { type BreakerOptions, CircuitBreaker } from '../circuit-breaker.ts'

export function breakerPerEndpoint(options: BreakerOptions = {}) {
  return (name: string) => new CircuitBreaker({ ...options, name })
}
