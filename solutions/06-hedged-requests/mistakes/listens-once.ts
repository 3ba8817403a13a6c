/**
 * Mistake: listens once, which is once too often on a signal that lives for ever and never aborts.
 * Replaces: hedge.ts
 * Killed by: leaves nothing on the signal of its caller, however it ends
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  options.signal?.addEventListener('abort', () => {}, { once: true })
  return correct(attempt, options)
}
