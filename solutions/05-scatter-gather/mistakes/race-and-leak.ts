/**
 * Mistake: each leg in a race with a timer: the answer is in time, but the losers work on, and so do the timers
 * Replaces: scatter-gather.ts
 * Killed by: tells those that are late to stop, and why
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import type { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (
  legs,
  { signal = new AbortController().signal, timeoutMs = Infinity } = {},
) => {
  const late = (_: unknown, reject: (reason: unknown) => void) => {
    setTimeout(() => reject(new TimeoutError('Timed out', { elapsedMs: timeoutMs })), timeoutMs)
  }
  return Promise.allSettled(legs.map(async (leg) => Promise.race([leg(signal, Infinity), new Promise<never>(late)])))
}
