import type { Deadline } from '../../shared/core/operation.ts'

/** The header by which a caller says how many milliseconds it will still wait. */
export const DEADLINE_HEADER = 'deadline-ms'

/** The instant `timeoutMs` from now. */
export function deadlineIn(timeoutMs: number, _parent: Deadline = Infinity): Deadline {
  return Date.now() + timeoutMs
}

/** Milliseconds left until `deadline`. */
export function remainingMs(deadline: Deadline): number {
  return deadline - Date.now()
}

/** What to put on the wire for the next service, in `DEADLINE_HEADER`. */
export function toHeader(deadline: Deadline): string {
  return String(deadline)
}

/** The deadline that a caller sent, but not later than `maxMs` from now. */
export function fromHeader(value: string | string[] | undefined, _maxMs: number): Deadline {
  return Number(value)
}
