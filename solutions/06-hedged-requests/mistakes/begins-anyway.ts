/**
 * Mistake: asks the signal of its caller only for its event, which does not come twice.
 * Replaces: hedge.ts
 * Killed by: does not begin for a caller who has already gone
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct(attempt, { ...options, signal: options.signal?.aborted ? undefined : options.signal })
}
