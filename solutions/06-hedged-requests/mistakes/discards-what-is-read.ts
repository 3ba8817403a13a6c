/**
 * Mistake: closes the winner while it is being read, because its caller has gone: each value is either read or discarded.
 * Replaces: hedge.ts
 * Killed by: does not keep its caller for a read that is deaf to its signal
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const read = (winner: R) => {
    options.signal?.addEventListener('abort', () => options.discard?.(winner), { once: true })
    return options.read?.(winner) ?? (winner as unknown as T)
  }
  return correct(attempt, { ...options, read })
}
