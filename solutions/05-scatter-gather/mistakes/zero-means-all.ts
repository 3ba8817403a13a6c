/**
 * Mistake: takes 0 and NaN for "no limit"
 * Replaces: scatter-gather.ts
 * Killed by: refuses nonsense by name, and asks nobody
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options = {}) =>
  right(legs, { ...options, concurrency: options.concurrency || Infinity, enough: options.enough || Infinity })
