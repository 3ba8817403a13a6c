/**
 * Mistake: keeps what is in flight beside the function, where two gatherings share it: each leg takes the other's place
 * Replaces: scatter-gather.ts
 * Killed by: passes on the caller's abort to each, and answers at once
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

const inFlight = new Map<number, AbortController>()

export const scatterGather: typeof right = (legs, options) => {
  const told = legs.map((leg, index): typeof leg => (signal, deadline) => {
    const controller = new AbortController()
    inFlight.set(index, controller)
    signal.addEventListener('abort', () => inFlight.get(index)?.abort(signal.reason), { once: true })
    return leg(controller.signal, deadline)
  })
  return right(told, options)
}
