/**
 * Mistake: tells those that had to queue a deadline that is counted from when they begin
 * Replaces: scatter-gather.ts
 * Killed by: tells each leg by when it must have answered
 */
import { deadlineAfter } from '../../../shared/core/deadline.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options = {}) => {
  const { deadline = Infinity, timeoutMs = Infinity, marginMs = 0 } = options
  return right(
    legs.map((leg) => (signal) => leg(signal, Math.min(deadline, deadlineAfter(timeoutMs)) - marginMs)),
    options,
  )
}
