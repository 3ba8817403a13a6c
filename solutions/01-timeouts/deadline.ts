import type { Deadline } from '../../shared/core/deadline.ts'

/** The header by which a caller says how many milliseconds it will still wait. */
export const DEADLINE_HEADER = 'deadline-ms'

/**
 * The instant `timeoutMs` from now, or `parent` if that comes first: nobody gets longer than whoever waits for them.
 *
 * Monotonic, because the wall clock jumps: a correction by NTP must not expire every call in flight.
 *
 * @param timeoutMs 0 or more; `Infinity` for no limit of one's own
 * @throws RangeError for NaN and negative numbers, which `setTimeout` would silently read as 1 ms
 */
export function deadlineIn(timeoutMs: number, parent: Deadline = Infinity): Deadline {
  if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs must be 0 or more, got ${timeoutMs}`)
  return Math.min(parent, performance.now() + timeoutMs)
}

/** Milliseconds left until `deadline`; 0 once it has passed. */
export function remainingMs(deadline: Deadline): number {
  return Math.max(0, deadline - performance.now())
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
