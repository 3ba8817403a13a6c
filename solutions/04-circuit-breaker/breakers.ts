import { CircuitBreaker } from './circuit-breaker.ts'
import type { BreakerOptions } from './options.ts'

/**
 * A breaker for each endpoint, made when it is first asked for and named after it: one that is down must not close the
 * way to the others. An endpoint is what fails as one, mostly an origin; breakers are kept for ever, so a path with ids
 * in it would be one leak, and none of them would ever see enough calls to open.
 *
 * @throws RangeError at once for an option out of its bounds, and not with the first call
 */
export function breakerPerEndpoint(options: Omit<BreakerOptions, 'name'> = {}): (endpoint: string) => CircuitBreaker {
  const create = (name: string) => new CircuitBreaker({ ...options, name })
  create('checked')
  const breakers = new Map<string, CircuitBreaker>()
  return (endpoint) => {
    const breaker = breakers.get(endpoint) ?? create(endpoint)
    breakers.set(endpoint, breaker)
    return breaker
  }
}
