/**
 * Mistake: goes on waiting when the budget has said no, also when no attempt is left to wait for.
 * Replaces: hedge.ts
 * Killed by: fails, and does not hang, when the budget says no and nobody is left
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const unheard = async (signal: AbortSignal, number: number) => {
    try {
      return await attempt(signal, number)
    } catch (error) {
      return options.budget.tryWithdraw() ? Promise.reject(error) : new Promise<R>(() => {})
    }
  }
  return correct(unheard, options)
}
