/**
 * Replaces: worker.ts
 *
 * A generator that hands out the items, the one in hand kept apart from those that wait, and a queue of promises.
 */
import type { Worker, WorkerOptions } from '../worker.ts'

export * from '../worker.ts'

export function createWorker<T>({ capacity, handle, onError = console.error }: WorkerOptions<T>): Worker<T> {
  if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`capacity ${capacity}`)
  const waiting: T[] = []
  let inHand: { item: T } | undefined
  let wake = Promise.withResolvers<void>()
  let report: Promise<T[]> | undefined
  const empty = Promise.withResolvers<void>()
  const stop = new AbortController()

  async function* items() {
    for (;;) {
      while (waiting.length > 0 && !stop.signal.aborted) {
        inHand = { item: waiting.shift()! }
        yield inHand.item
        inHand = undefined
      }
      if (report) return empty.resolve()
      await wake.promise
      wake = Promise.withResolvers()
    }
  }
  async function run() {
    for await (const item of items()) {
      try {
        await handle(item, stop.signal)
      } catch (error) {
        if (stop.signal.aborted) return
        try {
          await onError(error, item)
        } catch (reason) {
          process.emitWarning(String(reason))
        }
      }
    }
  }
  void run()

  async function drain(signal?: AbortSignal) {
    wake.resolve()
    const stopped = new Promise<void>((resolve) => {
      const onAbort = () => {
        stop.abort(signal?.reason)
        resolve()
      }
      if (signal?.aborted) onAbort()
      else signal?.addEventListener('abort', onAbort, { once: true })
    })
    await Promise.race([empty.promise, stopped])
    return [...(inHand ? [inHand.item] : []), ...waiting.splice(0)]
  }
  return {
    offer(item) {
      if (report || waiting.length + (inHand ? 1 : 0) >= capacity) return false
      waiting.push(item)
      wake.resolve()
      return true
    },
    drain: (signal) => (report ??= drain(signal)),
  }
}
