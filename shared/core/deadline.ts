/**
 * An instant on the monotonic clock, in the milliseconds of `performance.now()`, after which nobody waits for the
 * answer any more. `Infinity` means that somebody waits for ever.
 *
 * Make one and read one with the two functions below, and it is on the right clock: an instant of `Date.now()` lies half
 * a century ahead of it, and whoever is handed one waits for as long.
 */
export type Deadline = number

/** The instant `ms` milliseconds from now. */
export const deadlineAfter = (ms: number): Deadline => performance.now() + ms

/** Milliseconds until `deadline`; negative once it has passed. */
export const msUntil = (deadline: Deadline): number => deadline - performance.now()
