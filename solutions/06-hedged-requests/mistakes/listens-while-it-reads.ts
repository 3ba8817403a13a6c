/**
 * Mistake: has the winner listen to its caller while it is read, and leaves that listener.
 * Replaces: hedge.ts
 * Killed by: leaves nothing on the signal of its caller when the winner is read
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const read = (winner: R) => {
    options.signal?.addEventListener('abort', () => {})
    return options.read!(winner)
  }
  return correct(attempt, { ...options, read: options.read && read })
}
