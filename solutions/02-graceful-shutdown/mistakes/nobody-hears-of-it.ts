/**
 * Mistake: without `onError`, what failed is gone without a word.
 * Replaces: worker.ts
 * Killed by: goes on after an item that fails, and says which
 */
import { createWorker as correct, type Worker, type WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export const createWorker = <T>(options: WorkerOptions<T>): Worker<T> => correct({ onError: () => {}, ...options })
