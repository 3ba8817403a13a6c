/**
 * Mistake: takes the first answer and lets the other attempts work on: the load is double, whoever wins.
 * Replaces: hedge.ts
 * Killed by: aborts the loser, with a reason of its own
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const nobodys = new AbortController()
  return correct((_, number) => attempt(options.signal ?? nobodys.signal, number), options)
}
