/**
 * Mistake: counts those that have answered among those that can no longer answer
 * Replaces: scatter-gather.ts
 * Killed by: waits as long as the required answers can still come
 */
import { NotNeededError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { required = 0, ...options } = {}) => {
  const controller = new AbortController()
  let left = legs.length
  const counted = legs.map((leg): typeof leg => async (...told) => {
    try {
      return await leg(...told)
    } finally {
      if (--left < required) controller.abort(new NotNeededError('Out of reach'))
    }
  })
  return right(counted, { ...options, signal: controller.signal })
}
