/**
 * Mistake: asks the budget for a hedge, but not for an attempt after a failure, of which there are most in an outage.
 * Replaces: hedge.ts
 * Killed by: counts each call, and pays for each hedge
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { budget } = options
  let failed = false
  const free = (signal: AbortSignal, number: number) => {
    failed = false
    const noted = (error: unknown) => {
      failed = true
      throw error
    }
    return attempt(signal, number).catch(noted)
  }
  return correct(free, {
    ...options,
    budget: { deposit: () => budget.deposit(), tryWithdraw: () => failed || budget.tryWithdraw() },
  })
}
