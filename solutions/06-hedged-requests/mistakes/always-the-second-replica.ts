/**
 * Mistake: knows an original and a hedge, and numbers them 0 and 1: the third attempt goes where the second one waits.
 * Replaces: hedge.ts
 * Killed by: asks another replica, and says which attempt it is
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct((signal, number) => attempt(signal, Math.min(number, 1)), options)
}
