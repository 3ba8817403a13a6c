/**
 * Mistake: gives for a reason what the leg says when it is told to stop, and so nobody has been late
 * Replaces: scatter-gather.ts
 * Killed by: tells those that are late to stop, and why
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const said = new Map<number, unknown>()
  const heard = legs.map((leg, index): typeof leg => async (...told) => {
    try {
      return await leg(...told)
    } catch (reason) {
      said.set(index, reason)
      throw reason
    }
  })
  const results = await right(heard, options)
  await Promise.allSettled(results)
  return results.map((result, index) => (said.has(index) ? { status: 'rejected', reason: said.get(index) } : result))
}
