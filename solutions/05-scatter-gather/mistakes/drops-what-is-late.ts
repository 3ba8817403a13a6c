/**
 * Mistake: forgets late answers, and whatever they hold open
 * Replaces: scatter-gather.ts
 * Killed by: hands late answers to discard, and no others
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options) => right(legs, { ...options, discard: undefined })
