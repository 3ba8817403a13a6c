/**
 * Mistake: takes every error for one that another replica would not have.
 * Replaces: hedge.ts
 * Killed by: takes a 503 for one replica’s trouble, and a 404 for an answer
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct(attempt, { isRetryable: () => true, ...options })
}
