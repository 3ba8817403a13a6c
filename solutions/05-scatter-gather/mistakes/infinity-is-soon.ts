/**
 * Mistake: hands Infinity to setTimeout, which takes it for 1 ms
 * Replaces: scatter-gather.ts
 * Killed by: has no timer when there is no limit
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { timeoutMs = Infinity, ...options } = {}) => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new TimeoutError('Timed out')), timeoutMs)
  try {
    return await right(legs, { ...options, signal: controller.signal })
  } finally {
    clearTimeout(timer)
  }
}
