/**
 * Mistake: looks once more whether the caller is there before it reads, and forgets the answer that it holds.
 * Replaces: hedge.ts
 * Killed by: neither loses nor breaks an answer when its caller goes at that very moment
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { signal, read } = options
  if (!read) return correct(attempt, options)
  const held = async (own: AbortSignal, number: number) => {
    const answer = await attempt(own, number)
    await null
    signal?.throwIfAborted()
    return answer
  }
  return correct(held, { ...options, read })
}
