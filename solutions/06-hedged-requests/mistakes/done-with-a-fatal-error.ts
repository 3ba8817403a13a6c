/**
 * Mistake: is done when an error was fatal: what the others still answer is closed by nobody.
 * Replaces: hedge.ts
 * Killed by: closes an answer that comes too late to win
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const { isRetryable = () => true } = options
  let over = false
  return correct(attempt, {
    ...options,
    isRetryable: (error) => !(over ||= !isRetryable(error)),
    discard: (late) => (over ? undefined : options.discard?.(late)),
  })
}
