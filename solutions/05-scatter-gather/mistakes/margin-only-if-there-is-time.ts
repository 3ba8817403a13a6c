/**
 * Mistake: gives back the margin when time is short, which is when it is needed
 * Replaces: scatter-gather.ts
 * Killed by: asks nobody when there is no time but the margin
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options = {}) => {
  const { marginMs = 0, timeoutMs = Infinity } = options
  return right(legs, { ...options, marginMs: marginMs < timeoutMs ? marginMs : 0 })
}
