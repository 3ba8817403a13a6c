/**
 * Mistake: takes the next from the end of the queue, which is what pop does
 * Replaces: scatter-gather.ts
 * Killed by: begins the next as soon as one ends, well or badly
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { concurrency = Infinity, ...options } = {}) => {
  const first = legs.slice(0, concurrency)
  const turned = [...first, ...legs.slice(concurrency).toReversed()]
  const results = await right(turned, { ...options, concurrency })
  return [...results.slice(0, first.length), ...results.slice(first.length).toReversed()]
}
