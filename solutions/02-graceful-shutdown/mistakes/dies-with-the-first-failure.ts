/**
 * Mistake: lets an item that fails end the loop, which looks just like a loop that has nothing to do.
 * Replaces: worker.ts
 * Killed by: goes on after an item that fails, and says which
 */
import { createWorker as correct, type Worker, type WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>({ handle, onError = console.error, ...options }: WorkerOptions<T>): Worker<T> {
  let broken: Promise<never> | undefined
  return correct<T>({
    ...options,
    handle: async (item, signal) => {
      await broken
      await handle(item, signal).catch((error) => {
        onError(error, item)
        broken = new Promise(() => {})
      })
    },
  })
}
