/**
 * Mistake: stops waiting when the caller goes, but tells nobody: the requests run on
 * Replaces: scatter-gather.ts
 * Killed by: closes the connection to every carrier when the caller goes
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options) => {
  const { signal } = new AbortController()
  return right(
    legs.map((leg) => (_, deadline) => leg(signal, deadline)),
    options,
  )
}
