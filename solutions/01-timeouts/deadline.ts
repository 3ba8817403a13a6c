import { type Deadline, deadlineAfter, msUntil } from '../../shared/core/deadline.ts'
import { checkOptions, instant, limitMs } from '../../shared/core/options.ts'

/** The header by which a caller says how many milliseconds it will still wait. */
export const DEADLINE_HEADER = 'deadline-ms'

/**
 * The instant `timeoutMs` from now, or the caller's `deadline` if that comes first: nobody gets longer than whoever waits
 * for them.
 *
 * @param timeoutMs 0 or more; `Infinity` for no limit of one's own
 * @throws RangeError for what is no number, NaN and negatives, which `setTimeout` would silently read as 1 ms
 */
export function deadlineIn(timeoutMs: number, deadline: Deadline = Infinity): Deadline {
  checkOptions({ timeoutMs, deadline }, { timeoutMs: limitMs, deadline: instant })
  return Math.min(deadline, deadlineAfter(timeoutMs))
}

/** Milliseconds left until `deadline`; 0 once it has passed. */
export function remainingMs(deadline: Deadline): number {
  return Math.max(0, msUntil(deadline))
}

/**
 * What to send to the next service. Remaining time, as gRPC's `grpc-timeout` does, because an instant means nothing on
 * another machine's clock; whole milliseconds, rounded down, so that it never promises time that is not there.
 */
export function deadlineHeader(deadline: Deadline): Record<string, string> {
  return deadline === Infinity ? {} : { [DEADLINE_HEADER]: String(Math.floor(remainingMs(deadline))) }
}

/**
 * The deadline that a caller sent, but never later than `maxMs` from now. Anything but a plain whole number counts as
 * absent: a garbled header must neither fail the request nor lift the limit.
 */
export function deadlineFrom(header: string | string[] | undefined, maxMs: number): Deadline {
  const sentMs = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : Infinity
  return deadlineIn(Math.min(sentMs, maxMs))
}
