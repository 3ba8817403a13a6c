/**
 * Mistake: aborts the legs when the time is up, and then waits until each of them has heard
 * Replaces: scatter-gather.ts
 * Killed by: does not wait for a leg that ignores its signal
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import type { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { timeoutMs = Infinity } = {}) => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new TimeoutError('Timed out', { elapsedMs: timeoutMs })), timeoutMs)
  const results = await Promise.allSettled(legs.map(async (leg) => leg(controller.signal, Infinity)))
  clearTimeout(timer)
  return results
}
