/**
 * Mistake: lets a failing discard become an unhandled rejection
 * Replaces: scatter-gather.ts
 * Killed by: survives a late failure, and a discard that fails
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { discard, ...options } = {}) =>
  right(legs, { ...options, discard: (value) => void (async () => discard?.(value))() })
