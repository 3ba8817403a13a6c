/**
 * Mistake: catches what `onError` throws, and not what it rejects with: a log that is full then ends the process.
 * Replaces: worker.ts
 * Killed by: goes on after a handler that throws, and after an onError that does
 */
import { createWorker as correct, type Worker, type WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>({ onError = console.error, ...options }: WorkerOptions<T>): Worker<T> {
  return correct<T>({
    ...options,
    onError(error, item) {
      try {
        onError(error, item)
      } catch (reason) {
        process.emitWarning(String(reason))
      }
    },
  })
}
