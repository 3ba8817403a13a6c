/**
 * Mistake: asks the budget when the wait is over, so that the refusal comes after seconds that the caller could have used.
 * Replaces: retry.ts
 * Killed by: keeps to its budget, its deadlines and its aborts in any order of events
 */
import { RetryError } from '../../../shared/core/errors.ts'
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  { budget, ...options }: RetryOptions = {},
): Promise<T> {
  budget?.deposit()
  let cause: unknown
  const budgeted = async (signal: AbortSignal, attempt: number) => {
    const attempts = attempt - 1
    if (attempts > 0 && budget?.tryWithdraw() === false) throw new RetryError('Budget', 'budget', { cause, attempts })
    return operation(signal, attempt).catch((error) => Promise.reject((cause = error)))
  }
  return correct(budgeted, options)
}
