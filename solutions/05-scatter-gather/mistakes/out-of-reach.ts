/**
 * Mistake: goes on when what is required is out of reach
 * Replaces: scatter-gather.ts
 * Killed by: gives up when the required answers are out of reach
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options) => right(legs, { ...options, required: undefined })
