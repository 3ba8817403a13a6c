/**
 * Mistake: an abort throws away the answers that are there, for whoever would have closed them
 * Replaces: scatter-gather.ts
 * Killed by: passes on the caller's abort to each, and answers at once
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const results = await right(legs, options)
  options?.signal?.throwIfAborted()
  return results
}
