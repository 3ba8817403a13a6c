/**
 * Mistake: measures how long it took on the wall clock, on the day on which that is set
 * Replaces: scatter-gather.ts
 * Killed by: takes no notice of the clock on the wall
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const startedAt = Date.now()
  const results = await right(legs, options)
  return results.map((result) => {
    const late = result.status === 'rejected' && result.reason instanceof TimeoutError
    return late ? { ...result, reason: new TimeoutError('Timed out', { elapsedMs: Date.now() - startedAt }) } : result
  })
}
