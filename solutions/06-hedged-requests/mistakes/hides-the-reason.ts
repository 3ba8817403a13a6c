/**
 * Mistake: aborts without a reason, so that a loser looks like any AbortError, and its breaker counts it.
 * Replaces: hedge.ts
 * Killed by: is no failure to the loser's circuit breaker
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const unexplained = (signal: AbortSignal, number: number) => {
    const own = new AbortController()
    signal.addEventListener('abort', () => own.abort())
    return attempt(own.signal, number)
  }
  return correct(unexplained, options)
}
