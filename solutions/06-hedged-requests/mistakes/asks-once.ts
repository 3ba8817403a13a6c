/**
 * Mistake: takes the first denial for the last word, however late the call becomes.
 * Replaces: hedge.ts
 * Killed by: asks the budget again after another delay
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { budget } = options
  let granted = true
  const tryWithdraw = () => (granted &&= budget.tryWithdraw())
  return correct(attempt, { ...options, budget: { deposit: () => budget.deposit(), tryWithdraw } })
}
