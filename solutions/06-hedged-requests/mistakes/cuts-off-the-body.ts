/**
 * Mistake: tidies up by aborting every attempt, the winner too, whose body has only begun.
 * Replaces: hedge.ts
 * Killed by: keeps the winner alive, also for a caller who reads it later
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  const controllers: AbortController[] = []
  const held = (signal: AbortSignal, number: number) => {
    const own = new AbortController()
    controllers.push(own)
    signal.addEventListener('abort', () => own.abort(signal.reason))
    return attempt(own.signal, number)
  }
  try {
    return await correct(held, options)
  } finally {
    for (const controller of controllers) controller.abort()
  }
}
