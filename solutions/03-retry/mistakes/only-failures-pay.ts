/**
 * Mistake: counts a call when it fails for the first time; all that go well pay for nothing, and the budget is a tenth of the failures.
 * Replaces: retry.ts
 * Killed by: keeps an outage from multiplying the calls
 */
import { retry as correct } from '../retry.ts'

export * from '../retry.ts'

export const retry: typeof correct = (operation, options = {}) => {
  const { budget } = options
  if (!budget) return correct(operation, options)
  const late = Object.assign(Object.create(budget), { deposit() {}, tryWithdraw: () => budget.tryWithdraw() })
  const counted: typeof operation = (signal, attempt) =>
    operation(signal, attempt).catch((error: unknown) => {
      if (attempt === 1) budget.deposit()
      throw error
    })
  return correct(counted, { ...options, budget: late })
}
