/**
 * Mistake: knows a cancelled call by the name of its error, and so never opens for limits that are further in.
 * Replaces: circuit-breaker.ts
 * Killed by: learns of a timeout inside, and never of one outside
 */
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  constructor({ isExcluded = () => false, ...options }: BreakerOptions = {}) {
    const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError'
    super({ ...options, isExcluded: (error) => isAbort(error) || isExcluded(error) })
  }
}
