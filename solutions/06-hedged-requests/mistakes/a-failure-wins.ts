/**
 * Mistake: takes whoever ends first, and be it with an error.
 * Replaces: hedge.ts
 * Killed by: waits for the other one when one of two has failed
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct(attempt, { ...options, isRetryable: () => false })
}
