/**
 * Mistake: gives back a copy of the queue, and works on: each of those items is done by two.
 * Replaces: worker.ts
 * Killed by: gives back what it has not finished when its time is up
 */
import { once } from 'node:events'
import { createWorker as correct, type Worker, type WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>({ handle, ...options }: WorkerOptions<T>): Worker<T> {
  const held: T[] = []
  const { signal: never } = new AbortController()
  const worker = correct<T>({
    ...options,
    handle: (item) => handle(item, never).finally(() => held.shift()),
  })
  return {
    offer: (item) => worker.offer(item) && held.push(item) > 0,
    async drain(signal) {
      await Promise.race([worker.drain(), ...(signal ? [once(signal, 'abort')] : [])])
      return [...held]
    },
  }
}
