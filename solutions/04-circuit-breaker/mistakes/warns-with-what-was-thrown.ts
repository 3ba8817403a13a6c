/**
 * Mistake: hands what the listener threw to process.emitWarning as it is: for undefined that throws, in a place where nobody catches it.
 * Replaces: circuit-breaker.ts
 * Killed by: is not upset by a listener that fails, at once or later
 */
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  constructor({ onChange, ...options }: BreakerOptions = {}) {
    super({
      ...options,
      onChange: (change) => {
        const tell = async () => onChange?.(change)
        tell().catch((error) => process.emitWarning(error))
      },
    })
  }
}
