export interface WorkerOptions<T> {
  /** Items that may wait; one more is refused. */
  capacity: number
  handle: (item: T, signal: AbortSignal) => Promise<void>
}

export interface Worker<T> {
  /** False when the item was refused. */
  offer(item: T): boolean
  /** Takes no more work, finishes what it holds, and hands back what it could not. */
  drain(): Promise<T[]>
}

// The naive form: fire and forget.
export function createWorker<T>({ handle }: WorkerOptions<T>): Worker<T> {
  const signal = new AbortController().signal
  return {
    offer(item) {
      handle(item, signal).catch(() => {})
      return true
    },
    drain: async () => [],
  }
}
