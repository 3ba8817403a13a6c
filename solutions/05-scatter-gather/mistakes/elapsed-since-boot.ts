/**
 * Mistake: reports the reading of the clock as the time that has gone by
 * Replaces: scatter-gather.ts
 * Killed by: answers in time with what there is, and a reason for each that is missing
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const results = await right(legs, options)
  return results.map((result) => {
    const late = result.status === 'rejected' && result.reason instanceof TimeoutError
    return late ? { ...result, reason: new TimeoutError('Timed out', { elapsedMs: performance.now() }) } : result
  })
}
