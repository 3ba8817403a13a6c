/**
 * Replaces: hedge.ts
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

/** Begins each attempt in a promise's callback, which is a common way to make a throw a rejection. */
export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct((signal, number) => Promise.resolve().then(() => attempt(signal, number)), options)
}
