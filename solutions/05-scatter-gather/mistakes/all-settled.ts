/**
 * Mistake: Promise.allSettled, which waits for the slowest, however slow
 * Replaces: scatter-gather.ts
 * Killed by: answers in time with what there is, and a reason for each that is missing
 */
import type { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { signal = new AbortController().signal } = {}) =>
  Promise.allSettled(legs.map(async (leg) => leg(signal, Infinity)))
