/**
 * Mistake: counts each attempt as a call, so that hedges earn hedges.
 * Replaces: hedge.ts
 * Killed by: counts each call, and pays for each hedge
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const counted = (signal: AbortSignal, number: number) => {
    if (number > 0) options.budget.deposit()
    return attempt(signal, number)
  }
  return correct(counted, options)
}
