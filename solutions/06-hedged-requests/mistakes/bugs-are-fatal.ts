/**
 * Mistake: takes a TypeError for a bug of ours. It is what fetch rejects with when there is no connection.
 * Replaces: hedge.ts
 * Killed by: takes a 503 for one replica’s trouble, and a 404 for an answer
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const isRetryable = (error: unknown) =>
    !(error instanceof TypeError) && !(error instanceof ResponseError && error.status < 500)
  return correct(attempt, { isRetryable, ...options })
}
