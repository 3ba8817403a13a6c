/**
 * Mistake: hears its caller, but rejects only when `read` has: one that is deaf keeps the caller for ever.
 * Replaces: hedge.ts
 * Killed by: does not keep its caller for a read that is deaf to its signal
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  let reading: Promise<T> | undefined
  const read = (winner: R) => (reading = (async () => options.read?.(winner) ?? (winner as unknown as T))())
  try {
    return await correct(attempt, { ...options, read })
  } catch (error) {
    await reading
    throw error
  }
}
