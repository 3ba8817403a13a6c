/**
 * Mistake: collects the answers as they come
 * Replaces: scatter-gather.ts
 * Killed by: keeps the order of the legs, whoever answers first
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const arrived: number[] = []
  const noted = legs.map((leg, index): typeof leg => async (...told) => {
    const value = await leg(...told)
    arrived.push(index)
    return value
  })
  const results = await right(noted, options)
  return [...new Set([...arrived, ...results.keys()])].map((index) => results[index]!)
}
