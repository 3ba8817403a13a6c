/**
 * Mistake: pays in before it looks: the more callers have given up before they began, the more may be hedged.
 * Replaces: hedge.ts
 * Killed by: does not begin for a caller who has already gone
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  if (options.signal?.aborted) options.budget.deposit()
  return correct(attempt, options)
}
