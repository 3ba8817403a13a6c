/**
 * Mistake: waits for the loop to end, also when none runs: every quiet deploy takes all of its time.
 * Replaces: worker.ts
 * Killed by: ends at once when it drains and has nothing to do
 */
import { once } from 'node:events'
import { createWorker as correct, type Worker, type WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>(options: WorkerOptions<T>): Worker<T> {
  let held = 0
  const idle = new EventTarget()
  const worker = correct<T>({
    ...options,
    async handle(item, signal) {
      await options.handle(item, signal).finally(() => --held || idle.dispatchEvent(new Event('idle')))
    },
  })
  const drain = async (signal?: AbortSignal) => {
    const left = worker.drain(signal)
    await Promise.race([once(idle, 'idle'), signal && once(signal, 'abort')].filter(Boolean))
    return left
  }
  return { ...worker, offer: (item) => worker.offer(item) && ++held > 0, drain }
}
