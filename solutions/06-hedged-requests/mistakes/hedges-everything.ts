/**
 * Mistake: hedges a booking too.
 * Replaces: hedge.ts
 * Killed by: never sends twice what must not be done twice
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct(attempt, { ...options, idempotent: true })
}
