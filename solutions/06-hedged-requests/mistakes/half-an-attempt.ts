/**
 * Mistake: takes 2.5 attempts, and makes three.
 * Replaces: hedge.ts
 * Killed by: refuses options that make no sense, by name
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct(attempt, { ...options, maxAttempts: Math.ceil(options.maxAttempts ?? 2) })
}
