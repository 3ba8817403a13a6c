/**
 * Asks each leg a microtask later, the idiom that makes a rejection of a synchronous throw.
 * Replaces: scatter-gather.ts
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options) =>
  right(
    legs.map((leg) => (signal, deadline) => Promise.resolve().then(() => leg(signal, deadline))),
    options,
  )
