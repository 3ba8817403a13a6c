/**
 * Mistake: takes the winner whose body breaks off for a loser, which nobody waits for: the call never ends.
 * Replaces: hedge.ts
 * Killed by: fails with the error of a body that breaks off
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const read = async (winner: R) => {
    try {
      return await (options.read?.(winner) ?? (winner as unknown as T))
    } catch {
      return new Promise<T>(() => {})
    }
  }
  return correct(attempt, { ...options, read })
}
