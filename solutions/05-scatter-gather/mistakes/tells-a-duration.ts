/**
 * Mistake: tells the legs how long they have, where an instant is expected
 * Replaces: scatter-gather.ts
 * Killed by: tells each leg by when it must have answered
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options) =>
  right(
    legs.map((leg) => (signal, deadline) => leg(signal, deadline - performance.now())),
    options,
  )
