/**
 * Mistake: batches: each waits for its slowest
 * Replaces: scatter-gather.ts
 * Killed by: begins the next as soon as one ends, well or badly
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options = {}) => {
  const { concurrency = Infinity } = options
  const results = []
  for (let i = 0; i < legs.length; i += concurrency)
    results.push(...(await right(legs.slice(i, i + concurrency), options)))
  return results
}
