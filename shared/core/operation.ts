/** One attempt at some work; it stops when its signal aborts. */
export type Operation<T> = (signal: AbortSignal) => Promise<T>
