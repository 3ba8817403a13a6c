/**
 * Mistake: starts the loop in the middle of `offer`: a handler that offers more starts a second one, on the same item.
 * Replaces: worker.ts
 * Killed by: begins each item once, also one that is offered by the work itself
 */
import { once } from 'node:events'
import type { Worker, WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>({ capacity, handle, onError = console.error }: WorkerOptions<T>): Worker<T> {
  if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`capacity must be 1 or more, got ${capacity}`)
  const queue: T[] = []
  const stop = new AbortController()
  let loop: Promise<void> | undefined
  let drained: Promise<T[]> | undefined

  async function work(): Promise<void> {
    while (queue.length > 0 && !stop.signal.aborted) {
      const item = queue[0]!
      try {
        await handle(item, stop.signal)
      } catch (error) {
        if (stop.signal.aborted) break
        onError(error, item)
      }
      queue.shift()
    }
    loop = undefined
  }

  async function drain(signal?: AbortSignal): Promise<T[]> {
    const stopped = once(stop.signal, 'abort')
    const onAbort = () => stop.abort(signal?.reason)
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort)
    await Promise.race([loop, stopped])
    signal?.removeEventListener('abort', onAbort)
    return queue.splice(0)
  }

  return {
    offer(item) {
      if (drained || queue.length >= capacity) return false
      queue.push(item)
      loop ??= work()
      return true
    },
    drain: (signal) => (drained ??= drain(signal)),
  }
}
