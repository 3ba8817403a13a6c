/**
 * Mistake: ties each attempt to its caller by AbortSignal.any, also the winner, who is the caller’s own to end by then.
 * Replaces: hedge.ts
 * Killed by: keeps the winner alive, also for a caller who reads it later
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const tied = (signal: AbortSignal, number: number) =>
    attempt(options.signal ? AbortSignal.any([options.signal, signal]) : signal, number)
  return correct(tied, options)
}
