/**
 * Mistake: one controller for all: what stops the late also tears what has been answered
 * Replaces: scatter-gather.ts
 * Killed by: leaves alone those that have ended
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options) => {
  const all = new AbortController()
  const together = legs.map((leg): typeof leg => (signal, deadline) => {
    signal.addEventListener('abort', () => all.abort(signal.reason))
    return leg(all.signal, deadline)
  })
  return right(together, options)
}
