/**
 * Mistake: has a variable for the loser, where three attempts have two.
 * Replaces: hedge.ts
 * Killed by: aborts the loser, with a reason of its own
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  let latest = 0
  const held = (signal: AbortSignal, number: number) => {
    const own = new AbortController()
    latest = number
    signal.addEventListener('abort', () => number >= latest - 1 && own.abort(signal.reason))
    return attempt(own.signal, number)
  }
  return correct(held, options)
}
