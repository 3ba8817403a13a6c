/**
 * Mistake: sends the deadline itself, which means nothing on the receiver's clock.
 * Replaces: deadline.ts
 * Killed by: sends the milliseconds that are left, rounded down
 */
import type { Deadline } from '../../../shared/core/deadline.ts'
import { DEADLINE_HEADER } from '../deadline.ts'

export * from '../deadline.ts'

export function deadlineHeader(deadline: Deadline): Record<string, string> {
  return deadline === Infinity ? {} : { [DEADLINE_HEADER]: String(Math.floor(deadline)) }
}
