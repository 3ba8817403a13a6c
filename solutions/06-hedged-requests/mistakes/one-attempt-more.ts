/**
 * Mistake: counts hedges and not attempts, so that `maxAttempts: 1` is two.
 * Replaces: hedge.ts
 * Killed by: asks no more than maxAttempts, two by default
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct(attempt, { ...options, maxAttempts: (options.maxAttempts ?? 1) + 1 })
}
