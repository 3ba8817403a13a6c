/**
 * Mistake: catches what the handler rejects with, and not what it throws.
 * Replaces: worker.ts
 * Killed by: goes on after a handler that throws, and after an onError that does
 */
import { createWorker as correct, type Worker, type WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>(options: WorkerOptions<T>): Worker<T> {
  return correct<T>({
    ...options,
    handle(item, signal) {
      try {
        return options.handle(item, signal)
      } catch {
        // Where the loop awaits `handle(…).catch(…)`, this is its end.
        return new Promise(() => {})
      }
    },
  })
}
