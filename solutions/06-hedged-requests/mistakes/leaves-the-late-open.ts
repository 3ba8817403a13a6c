/**
 * Mistake: drops an answer that comes too late, and with it an open socket.
 * Replaces: hedge.ts
 * Killed by: closes an answer that comes too late to win
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct(attempt, { ...options, discard: undefined })
}
