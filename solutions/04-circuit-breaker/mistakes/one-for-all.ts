/**
 * Mistake: one breaker for all endpoints, so that one of them can close the way to all.
 * Replaces: breakers.ts
 * Killed by: does not let one dead endpoint take the others with it
 */
import { type BreakerOptions, CircuitBreaker } from '../circuit-breaker.ts'

export function breakerPerEndpoint(options: BreakerOptions = {}) {
  const breaker = new CircuitBreaker(options)
  return (_endpoint: string) => breaker
}
