/**
 * Mistake: measures time on a clock that people and NTP set.
 * Replaces: deadline.ts
 * Killed by: says what is left, whatever the wall clock does, and never less than nothing
 */
import type { Deadline } from '../../../shared/core/deadline.ts'

export { DEADLINE_HEADER, deadlineFrom, deadlineHeader } from '../deadline.ts'

export function deadlineIn(timeoutMs: number, parent: Deadline = Infinity): Deadline {
  if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs must be 0 or more, got ${timeoutMs}`)
  return Math.min(parent, Date.now() + timeoutMs)
}

export const remainingMs = (deadline: Deadline): number => Math.max(0, deadline - Date.now())
