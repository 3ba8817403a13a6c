/**
 * Mistake: does not stop the timer when all have answered
 * Replaces: scatter-gather.ts
 * Killed by: stops its timer when it does not need it
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { timeoutMs = Infinity, ...options } = {}) => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(new TimeoutError('Timed out', { elapsedMs: timeoutMs })), timeoutMs)
  return right(legs, { ...options, signal: controller.signal })
}
