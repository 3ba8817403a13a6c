/**
 * Mistake: gives those that were still in the queue a TimeoutError, whatever ended it
 * Replaces: scatter-gather.ts
 * Killed by: does not begin what is still queued when it is over
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const asked = new Set<number>()
  const noted = legs.map((leg, index): typeof leg => (...told) => {
    asked.add(index)
    return leg(...told)
  })
  const results = await right(noted, options)
  const reason = new TimeoutError('Not asked', { attempts: 0 })
  return results.map((result, index) => (asked.has(index) ? result : { status: 'rejected', reason }))
}
