/**
 * Mistake: asks the same replica again, where the hedge queues behind what it is to overtake.
 * Replaces: hedge.ts
 * Killed by: asks another replica, and says which attempt it is
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  return correct((signal) => attempt(signal, 0), options)
}
