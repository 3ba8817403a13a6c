/**
 * Mistake: takes the fatal error of a loser for the end of the call, while the winner is being read.
 * Replaces: hedge.ts
 * Killed by: leaves the winner alone when a loser fails while it is read
 */
import { ResponseError } from '../../../shared/core/errors.ts'
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { promise: refused, reject } = Promise.withResolvers<never>()
  refused.catch(() => {})
  const listening = (signal: AbortSignal, number: number) =>
    attempt(signal, number).catch((error) => {
      if (error instanceof ResponseError && error.status < 500) reject(error)
      throw error
    })
  return Promise.race([correct(listening, options), refused])
}
