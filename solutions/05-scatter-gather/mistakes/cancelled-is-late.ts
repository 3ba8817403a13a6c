/**
 * Mistake: says of those that were not needed that they were late, and their breaker believes it
 * Replaces: scatter-gather.ts
 * Killed by: answers as soon as enough have, and cancels the rest
 */
import { NotNeededError, TimeoutError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const results = await right(legs, options)
  return results.map((result) => {
    const cancelled = result.status === 'rejected' && result.reason instanceof NotNeededError
    return cancelled ? { status: 'rejected', reason: new TimeoutError('Timed out') } : result
  })
}
