/**
 * Mistake: gives back the queue itself: a handler that ends late still takes its item out of it.
 * Replaces: worker.ts
 * Killed by: waits for no handler that is deaf to its signal
 */
import { createWorker as correct, type Worker, type WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>(options: WorkerOptions<T>): Worker<T> {
  let given: T[] = []
  const worker = correct<T>({
    ...options,
    async handle(item, signal) {
      await options.handle(item, signal)
      given.shift()
    },
  })
  return { ...worker, drain: async (signal) => (given = await worker.drain(signal)) }
}
