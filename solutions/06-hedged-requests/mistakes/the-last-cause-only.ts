/**
 * Mistake: throws what the last attempt threw; why the first one failed is lost.
 * Replaces: hedge.ts
 * Killed by: tells every cause when all have failed
 */
import { HedgeError } from '../../../shared/core/errors.ts'
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  try {
    return await correct(attempt, options)
  } catch (error) {
    throw error instanceof HedgeError ? error.cause : error
  }
}
