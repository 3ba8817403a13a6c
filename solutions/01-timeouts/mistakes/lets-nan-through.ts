/**
 * Mistake: compares, and every comparison with NaN is false: a typo in a configuration is no limit at all.
 * Replaces: deadline.ts
 * Killed by: refuses what is no limit, by name
 */
import { type Deadline, deadlineAfter } from '../../../shared/core/deadline.ts'

export * from '../deadline.ts'

export function deadlineIn(timeoutMs: number, deadline: Deadline = Infinity): Deadline {
  if (timeoutMs < 0) throw new RangeError(`timeoutMs must be 0 or more; got ${timeoutMs}`)
  return Math.min(deadline, deadlineAfter(timeoutMs))
}
