/**
 * Mistake: takes the next as long as there are not *more* than so many in flight
 * Replaces: scatter-gather.ts
 * Killed by: never has more legs in flight than it may
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { concurrency = Infinity, ...options } = {}) =>
  right(legs, { ...options, concurrency: concurrency + 1 })
