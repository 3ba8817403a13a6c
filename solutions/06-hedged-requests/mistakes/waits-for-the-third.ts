/**
 * Mistake: hangs when two of three have failed and the budget denies the third: only all, or the only one, are an end.
 * Replaces: hedge.ts
 * Killed by: fails, and does not hang, when the budget says no and nobody is left
 */
import { HedgeError } from '../../../shared/core/errors.ts'
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { maxAttempts = 2 } = options
  let begun = 0
  const counted = (signal: AbortSignal, number: number) => {
    begun++
    return attempt(signal, number)
  }
  return correct(counted, options).catch((error) => {
    const hangs = error instanceof HedgeError && begun > 1 && begun < maxAttempts
    return hangs ? new Promise<T>(() => {}) : Promise.reject(error)
  })
}
