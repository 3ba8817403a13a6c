/**
 * Mistake: goes on taking work while it drains, and is never done.
 * Replaces: worker.ts
 * Killed by: takes no more while it drains, and finishes what it holds
 */
import type { Worker, WorkerOptions } from '../worker.ts'
import { createWorker as correct } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>(options: WorkerOptions<T>): Worker<T> {
  const worker = correct(options)
  const late: T[] = []
  let draining = false
  return {
    offer: (item) => (draining ? late.push(item) > 0 : worker.offer(item)),
    async drain(signal) {
      draining = true
      return [...(await worker.drain(signal)), ...late]
    },
  }
}
