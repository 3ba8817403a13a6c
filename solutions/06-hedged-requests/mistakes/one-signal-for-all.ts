/**
 * Mistake: gives all attempts one signal, and so stops the winner with the losers.
 * Replaces: hedge.ts
 * Killed by: leaves every attempt a signal of its own
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const all = new AbortController()
  const shared = (signal: AbortSignal, number: number) => {
    signal.addEventListener('abort', () => all.abort(signal.reason))
    return attempt(all.signal, number)
  }
  return correct(shared, options)
}
