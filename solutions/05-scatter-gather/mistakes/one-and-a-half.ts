/**
 * Mistake: takes one and a half for a number of legs: two are in flight
 * Replaces: scatter-gather.ts
 * Killed by: refuses nonsense by name, and asks nobody
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { concurrency = Infinity, ...options } = {}) =>
  right(legs, { ...options, concurrency: Math.ceil(concurrency) })
