/**
 * Mistake: takes a body that cannot be read for a failed attempt, and begins all over.
 * Replaces: hedge.ts
 * Killed by: ends when read fails, also at once, and asks nobody else
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const read = async (winner: R): Promise<T> => {
    try {
      return await (options.read?.(winner) ?? (winner as unknown as T))
    } catch {
      return correct((signal, number) => attempt(signal, number + 2), options)
    }
  }
  return correct(attempt, { ...options, read })
}
