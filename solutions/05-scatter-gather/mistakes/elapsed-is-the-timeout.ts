/**
 * Mistake: reports the timeout as the time that has gone by, whatever ended it
 * Replaces: scatter-gather.ts
 * Killed by: keeps to the caller's deadline, when that is the earlier one
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const results = await right(legs, options)
  return results.map((result) => {
    const late = result.status === 'rejected' && result.reason instanceof TimeoutError
    return late ? { ...result, reason: new TimeoutError('Timed out', { elapsedMs: options?.timeoutMs }) } : result
  })
}
