/**
 * Mistake: takes the smaller of an instant and a duration
 * Replaces: scatter-gather.ts
 * Killed by: answers in time with what there is, and a reason for each that is missing
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { deadline = Infinity, timeoutMs = Infinity, ...options } = {}) =>
  right(legs, { ...options, deadline: Math.min(deadline, timeoutMs) })
