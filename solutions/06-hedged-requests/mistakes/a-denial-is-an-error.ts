/**
 * Mistake: fails the call when there is no budget for its hedge: most of what is late does come.
 * Replaces: hedge.ts
 * Killed by: keeps waiting when the budget says no
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { budget } = options
  const denied = Promise.withResolvers<never>()
  const tryWithdraw = () => {
    const granted = budget.tryWithdraw()
    if (!granted) denied.reject(new Error('No budget left'))
    return granted
  }
  return Promise.race([
    correct(attempt, { ...options, budget: { deposit: () => budget.deposit(), tryWithdraw } }),
    denied.promise,
  ])
}
