/**
 * Mistake: begins each item as it comes, so that the queue bounds nothing.
 * Replaces: worker.ts
 * Killed by: works on one item after the other, in the order offered
 */
import type { Worker, WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>({ capacity, handle, onError = console.error }: WorkerOptions<T>): Worker<T> {
  const inHand = new Map<T, Promise<void>>()
  const stop = new AbortController()
  let draining = false
  return {
    offer(item) {
      if (draining || inHand.size >= capacity) return false
      const work = handle(item, stop.signal).catch((error) => onError(error, item))
      inHand.set(
        item,
        work.finally(() => inHand.delete(item)),
      )
      return true
    },
    async drain(signal) {
      draining = true
      signal?.addEventListener('abort', () => stop.abort())
      await Promise.all(inHand.values())
      return [...inHand.keys()]
    },
  }
}
