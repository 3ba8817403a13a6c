/**
 * Mistake: one breaker for each host: the ports of a machine, and http and https, open together.
 * Replaces: breakers.ts
 * Killed by: gives an endpoint the same breaker each time, under its name
 */
import { type BreakerOptions, CircuitBreaker } from '../circuit-breaker.ts'

export function breakerPerEndpoint(options: BreakerOptions = {}) {
  const breakers = new Map<string, CircuitBreaker>()
  return (name: string) => {
    const host = URL.canParse(name) ? new URL(name).hostname : name
    const breaker = breakers.get(host) ?? new CircuitBreaker({ ...options, name })
    breakers.set(host, breaker)
    return breaker
  }
}
