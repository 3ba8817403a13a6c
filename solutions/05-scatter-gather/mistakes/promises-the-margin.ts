/**
 * Mistake: tells the carriers its own deadline, and hangs up on them before that
 * Replaces: scatter-gather.ts
 * Killed by: tells each leg by when it must have answered
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options = {}) => {
  const { marginMs = 0 } = options
  return right(
    legs.map((leg) => (signal, deadline) => leg(signal, deadline + marginMs)),
    options,
  )
}
