/**
 * Mistake: takes an item out of the queue before it is done, and gives back only what is in the queue.
 * Replaces: worker.ts
 * Killed by: gives back what it has not finished when its time is up
 */
import type { Worker, WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>({ capacity, handle, onError = console.error }: WorkerOptions<T>): Worker<T> {
  const queue: T[] = []
  const stop = new AbortController()
  let loop: Promise<void> | undefined
  let draining = false

  async function work() {
    while (queue.length > 0 && !stop.signal.aborted) {
      const item = queue.shift()!
      await handle(item, stop.signal).catch((error) => stop.signal.aborted || onError(error, item))
    }
    loop = undefined
  }
  return {
    offer(item) {
      if (draining || queue.length >= capacity) return false
      queue.push(item)
      loop ??= work()
      return true
    },
    async drain(signal) {
      draining = true
      signal?.addEventListener('abort', () => stop.abort())
      await loop
      return queue
    },
  }
}
