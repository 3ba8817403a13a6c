/**
 * Mistake: says of those in the queue that they were too slow
 * Replaces: scatter-gather.ts
 * Killed by: tells a leg that was not asked from one that was too slow
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const results = await right(legs, options)
  return results.map((result) => {
    const late = result.status === 'rejected' && result.reason instanceof TimeoutError
    return late
      ? { ...result, reason: new TimeoutError('Timed out', { attempts: 1, elapsedMs: options?.timeoutMs }) }
      : result
  })
}
