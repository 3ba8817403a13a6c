/**
 * Mistake: measures a deadline of the monotonic clock on the wall clock
 * Replaces: scatter-gather.ts
 * Killed by: keeps to the caller's deadline, when that is the earlier one
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { deadline = Infinity, timeoutMs = Infinity, ...options } = {}) =>
  right(legs, { ...options, timeoutMs: Math.min(timeoutMs, Math.max(0, deadline - Date.now())) })
