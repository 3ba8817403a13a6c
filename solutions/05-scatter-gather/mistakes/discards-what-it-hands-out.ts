/**
 * Mistake: closes, when the caller goes, also what it hands out
 * Replaces: scatter-gather.ts
 * Killed by: keeps or discards every answer, however close to the end it comes
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options = {}) => {
  const results = await right(legs, options)
  if (options.signal?.aborted)
    for (const result of results) if (result.status === 'fulfilled') options.discard?.(result.value)
  return results
}
