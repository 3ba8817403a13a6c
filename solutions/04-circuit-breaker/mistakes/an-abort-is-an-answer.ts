/**
 * Mistake: asks whether a cancelled call was a failure, and takes the AbortError that it is not for an answer.
 * Replaces: circuit-breaker.ts
 * Killed by: takes back the slot of a probe that was cancelled, when it has ended
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type BreakerOptions, CircuitBreaker as Correct } from '../circuit-breaker.ts'

export type * from '../circuit-breaker.ts'

export class CircuitBreaker extends Correct {
  readonly #isFailure: (error: unknown) => boolean

  constructor(options: BreakerOptions = {}) {
    super(options)
    this.#isFailure = options.isFailure ?? (() => true)
  }

  override async execute<T>(operation: Operation<T>, signal?: AbortSignal): Promise<T> {
    let answer: { error: unknown } | undefined
    const result = await super.execute(async (own) => {
      try {
        return await operation(own)
      } catch (error) {
        if (this.#isFailure(error)) throw error
        answer = { error }
        return undefined as T
      }
    }, signal)
    if (answer) throw answer.error
    return result
  }
}
