/**
 * Mistake: tells the legs 0 for no limit: that instant was over when the process began
 * Replaces: scatter-gather.ts
 * Killed by: tells each leg by when it must have answered
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options) =>
  right(
    legs.map((leg) => (signal, deadline) => leg(signal, deadline < Infinity ? deadline : 0)),
    options,
  )
