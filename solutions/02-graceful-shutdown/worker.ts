import { once } from 'node:events'
import { inspect } from 'node:util'
import { checkOptions, count } from '../../shared/core/options.ts'

export interface WorkerOptions<T> {
  /** Items that it holds at most, the one in hand included; one more is refused. */
  capacity: number
  /** Works on one item. When `signal` aborts it should stop, and throw: the item is then handed back. */
  handle: (item: T, signal: AbortSignal) => Promise<void>
  /**
   * Told of each item that `handle` failed on. If it fails too, by a throw or a rejection, that is a warning. Default:
   * `console.error`.
   */
  onError?: (error: unknown, item: T) => void
}

export interface Worker<T> {
  /** False when the item was refused: it holds too many, or has begun to drain. The item is still yours. */
  offer(item: T): boolean
  /**
   * Takes no more work, and finishes what it holds. When `signal` aborts it stops, and resolves with what it has not
   * finished, in order; they are the caller's then. The first of them may have been worked on: whoever takes them up must
   * expect it twice. The first call decides; each further one is given the same promise.
   */
  drain(signal?: AbortSignal): Promise<T[]>
}

/**
 * One item after the other, in the order offered, from a queue in memory.
 *
 * @throws RangeError for a capacity that is no whole number of 1 or more
 */
export function createWorker<T>({ capacity, handle, onError = console.error }: WorkerOptions<T>): Worker<T> {
  checkOptions({ capacity }, { capacity: count })
  // An item leaves the queue when it is done, not when it is begun: what is in the queue is what we still owe.
  const queue: T[] = []
  const stop = new AbortController()
  let loop: Promise<void> | undefined
  let drained: Promise<T[]> | undefined

  // An async function: whether onError throws or rejects, it ends here and not in the loop.
  const tell = async (error: unknown, item: T) => onError(error, item)

  async function work(): Promise<void> {
    while (queue.length > 0 && !stop.signal.aborted) {
      const item = queue[0]!
      try {
        await handle(item, stop.signal)
      } catch (error) {
        if (stop.signal.aborted) break
        tell(error, item).catch((reason) => process.emitWarning(`onError of a worker: ${inspect(reason)}`))
      }
      queue.shift()
    }
    loop = undefined
  }

  async function drain(signal?: AbortSignal): Promise<T[]> {
    const stopped = once(stop.signal, 'abort')
    const onAbort = () => stop.abort(signal!.reason)
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort)
    // Not the loop alone: a handler that ignores its signal would hold us for as long as it likes.
    await Promise.race([loop, stopped])
    signal?.removeEventListener('abort', onAbort)
    return queue.splice(0)
  }

  return {
    offer(item) {
      if (drained || queue.length >= capacity) return false
      queue.push(item)
      // In a turn of its own: a handler that offers more work must find the loop already there.
      loop ??= Promise.resolve().then(work)
      return true
    },
    drain: (signal) => (drained ??= drain(signal)),
  }
}
