/**
 * Mistake: takes a 408 for trouble of one replica. It is a 4xx: that replica waited for our request, and was tired of it.
 * Replaces: hedge.ts
 * Killed by: takes a 503 for one replica’s trouble, and a 404 for an answer
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const isRetryable = (error: unknown) =>
    !(error instanceof ResponseError && error.status < 500 && error.status !== 408)
  return correct(attempt, { isRetryable, ...options })
}
