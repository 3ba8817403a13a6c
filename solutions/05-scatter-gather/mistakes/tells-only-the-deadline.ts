/**
 * Mistake: hands down the caller's deadline, and forgets the timeout that ends before it
 * Replaces: scatter-gather.ts
 * Killed by: tells each leg by when it must have answered
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options = {}) => {
  const { deadline = Infinity, marginMs = 0 } = options
  return right(
    legs.map((leg) => (signal) => leg(signal, deadline - marginMs)),
    options,
  )
}
