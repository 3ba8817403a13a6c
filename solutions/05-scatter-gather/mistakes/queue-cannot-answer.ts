/**
 * Mistake: counts only those in flight among those that can still answer, and not the queue
 * Replaces: scatter-gather.ts
 * Killed by: waits as long as the required answers can still come
 */
import { NotNeededError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { required = 0, ...options } = {}) => {
  const controller = new AbortController()
  if (legs.length < required) controller.abort(new NotNeededError('Too few to ask'))
  let possible = 0
  const counted = legs.map((leg): typeof leg => async (...told) => {
    possible++
    try {
      return await leg(...told)
    } catch (reason) {
      if (--possible < required) controller.abort(new NotNeededError('Out of reach'))
      throw reason
    }
  })
  const signal = AbortSignal.any([controller.signal, ...(options.signal ? [options.signal] : [])])
  return right(counted, { ...options, signal })
}
