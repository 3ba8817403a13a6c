/**
 * Mistake: asks for its chance once: each breaker has its own, but two that have drawn the same stay in step for ever.
 * Replaces: circuit-breaker.ts
 * Killed by: takes a random share off each break, of the longest too
 */
import { CircuitBreaker as Correct } from '../circuit-breaker.ts'
import type { BreakerOptions } from '../options.ts'

export * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  constructor(options: BreakerOptions = {}) {
    const chance = (options.random ?? Math.random)()
    super({ ...options, random: () => chance })
  }
}
