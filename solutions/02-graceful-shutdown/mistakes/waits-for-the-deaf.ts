/**
 * Mistake: waits for the item in hand however long it takes, since every handler minds its signal.
 * Replaces: worker.ts
 * Killed by: waits for no handler that is deaf to its signal
 */
import { createWorker as correct, type Worker, type WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>({ handle, ...options }: WorkerOptions<T>): Worker<T> {
  let inHand: Promise<unknown> | undefined
  const worker = correct<T>({
    ...options,
    handle: (item, signal) => {
      const work = handle(item, signal)
      inHand = work.catch(() => {})
      return work
    },
  })
  return {
    offer: worker.offer,
    async drain(signal) {
      const left = await worker.drain(signal)
      await inHand
      return left
    },
  }
}
