/**
 * Mistake: hands a month to setTimeout, which fires after 1 ms
 * Replaces: scatter-gather.ts
 * Killed by: does not answer early for times that setTimeout cannot hold
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
