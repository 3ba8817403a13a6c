/**
 * Mistake: every failure takes from the budget, also those that are not retried for another reason.
 * Replaces: retry.ts
 * Killed by: spends nothing on attempts that are not made
 */
import { RetryError } from '../../../shared/core/errors.ts'
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  { budget, ...options }: RetryOptions = {},
): Promise<T> {
  budget?.deposit()
  const budgeted = (signal: AbortSignal, attempts: number) =>
    operation(signal, attempts).catch((cause) => {
      throw budget?.tryWithdraw() === false ? new RetryError('Budget', 'budget', { cause, attempts }) : cause
    })
  return correct(budgeted, options)
}
