/**
 * Mistake: cuts a month to the longest delay there is, and is five days early
 * Replaces: scatter-gather.ts
 * Killed by: does not answer early for times that setTimeout cannot hold
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { timeoutMs = Infinity, ...options } = {}) =>
  right(legs, { ...options, timeoutMs: timeoutMs < Infinity ? Math.min(timeoutMs, 2 ** 31 - 1) : timeoutMs })
