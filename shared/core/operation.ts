/** One attempt at some work; it stops when its signal aborts. */
export type Operation<T> = (signal: AbortSignal) => Promise<T>

/**
 * An instant on the monotonic clock, in the milliseconds of `performance.now()`, after which nobody waits for the
 * answer any more. `Infinity` means that somebody waits for ever.
 */
export type Deadline = number
