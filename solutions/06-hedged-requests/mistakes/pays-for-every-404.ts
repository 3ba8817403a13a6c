/**
 * Mistake: asks the budget for the next attempt, and then whether there is to be one: each 404 takes a hedge from somebody.
 * Replaces: hedge.ts
 * Killed by: asks the budget for nothing that it does not send
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { isRetryable = (error) => !(error instanceof ResponseError && error.status < 500), budget } = options
  return correct(attempt, {
    ...options,
    isRetryable: (error) => isRetryable(error) || (budget.tryWithdraw(), false),
  })
}
