/**
 * Mistake: closes what comes late, and leaves what that throws to nobody: the process ends of an answer that nobody needed.
 * Replaces: hedge.ts
 * Killed by: closes an answer that comes too late to win
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const discard = (late: R) => void options.discard?.(late)
  return correct(attempt, { ...options, discard })
}
