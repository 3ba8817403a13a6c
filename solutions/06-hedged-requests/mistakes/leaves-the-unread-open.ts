/**
 * Mistake: fails when its read does, and leaves what was not read: the connection is never free again.
 * Replaces: hedge.ts
 * Killed by: hangs up on a winner whose read gives up
 */
import { hedge as correct, type HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

type Attempt<R> = (signal: AbortSignal, number: number) => Promise<R>

export async function hedge<R, T = R>(attempt: Attempt<R>, options: HedgeOptions<R, T>): Promise<T> {
  let failed = false
  const held = (signal: AbortSignal, number: number) => {
    const own = new AbortController()
    signal.addEventListener('abort', () => failed || own.abort(signal.reason))
    return attempt(own.signal, number)
  }
  const read = async (winner: R) => {
    try {
      return await options.read!(winner)
    } catch (error) {
      failed = true
      throw error
    }
  }
  return correct(held, { ...options, read: options.read && read })
}
