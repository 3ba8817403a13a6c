import { type Deadline, deadlineAfter, msUntil } from '../../shared/core/deadline.ts'

/** The header by which a caller says how many milliseconds it will still wait. */
export const DEADLINE_HEADER = 'deadline-ms'

/**
 * The instant `timeoutMs` from now, or the caller's `deadline` if that comes first.
 *
 * @throws RangeError for what is no number, NaN and negatives (step 7)
 */
export function deadlineIn(timeoutMs: number, _deadline: Deadline = Infinity): Deadline {
  return deadlineAfter(timeoutMs)
}

/** Milliseconds left until `deadline`. */
export function remainingMs(deadline: Deadline): number {
  return msUntil(deadline)
}

/** What to send to the next service: `DEADLINE_HEADER` with its value. */
export function deadlineHeader(deadline: Deadline): Record<string, string> {
  return { [DEADLINE_HEADER]: String(deadline) }
}

/** The deadline that a caller sent, but never later than `maxMs` from now. */
export function deadlineFrom(header: string | string[] | undefined, maxMs: number): Deadline {
  return deadlineAfter(Number(header) || maxMs)
}
