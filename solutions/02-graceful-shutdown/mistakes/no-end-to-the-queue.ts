/**
 * Mistake: has a queue without an end, so that too much work is noticed only when the memory is gone.
 * Replaces: worker.ts
 * Killed by: refuses what it cannot hold
 */
import { createWorker as correct, type Worker, type WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>(options: WorkerOptions<T>): Worker<T> {
  return correct({ ...options, capacity: Number.MAX_SAFE_INTEGER })
}
