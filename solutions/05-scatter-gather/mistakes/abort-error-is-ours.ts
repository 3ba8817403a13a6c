/**
 * Mistake: takes every AbortError for the echo of its own abort, also of a leg that nobody has told to stop
 * Replaces: scatter-gather.ts
 * Killed by: does not wait when there is nobody to wait for
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError'

export const scatterGather: typeof right = (legs, options) => {
  const quiet = legs.map((leg): typeof leg => async (signal, deadline) => {
    try {
      return await leg(signal, deadline)
    } catch (error) {
      return isAbort(error) ? new Promise<never>(() => {}) : Promise.reject(error)
    }
  })
  return right(quiet, options)
}
