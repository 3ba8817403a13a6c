/**
 * Mistake: learns that it is over a moment after it is; what comes in between is neither kept nor discarded
 * Replaces: scatter-gather.ts
 * Killed by: loses no answer of those that come at the same time
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { discard, ...options } = {}) => {
  let over = false
  const watched = legs.map((leg): typeof leg => async (...told) => {
    const value = await leg(...told)
    if (over) await discard?.(value)
    return value
  })
  const results = await right(watched, options)
  over = true
  return results
}
