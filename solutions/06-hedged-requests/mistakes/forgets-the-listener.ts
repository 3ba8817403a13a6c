/**
 * Mistake: leaves its listener on the caller's signal.
 * Replaces: hedge.ts
 * Killed by: stops everything for its caller, with the caller's reason
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  options.signal?.addEventListener('abort', () => {})
  return correct(attempt, options)
}
