/**
 * Mistake: makes its first breaker, and so looks at its options, when the first call comes in.
 * Replaces: breakers.ts
 * Killed by: refuses nonsense at once, and not with the first call
 */
import { type BreakerOptions, CircuitBreaker } from '../circuit-breaker.ts'

export function breakerPerEndpoint(options: BreakerOptions = {}) {
  const breakers = new Map<string, CircuitBreaker>()
  return (name: string) => {
    if (!breakers.has(name)) breakers.set(name, new CircuitBreaker({ ...options, name }))
    return breakers.get(name)!
  }
}
