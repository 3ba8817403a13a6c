import { ClosedError } from '../../shared/core/errors.ts'
import { checkOptions, countOrNone } from '../../shared/core/options.ts'

type Received<T> = IteratorResult<T, undefined>

interface Sender<T> extends PromiseWithResolvers<void> {
  readonly item: T
}
type Receiver<T> = PromiseWithResolvers<Received<T>>

const DONE = { done: true, value: undefined } as const

/** A queue with an end: who sends more than fits waits until somebody has received. */
export class Channel<T> implements AsyncIterable<T, undefined> {
  readonly #capacity: number
  readonly #items = new Fifo<T>()
  // Sets, for whoever leaves leaves from the midst.
  readonly #senders = new Set<Sender<T>>()
  readonly #receivers = new Set<Receiver<T>>()
  #isClosed = false
  #aborted: { reason: unknown } | undefined

  /**
   * @param capacity items inside, at most: a whole number; with 0, a sender waits for its receiver
   * @throws RangeError for a capacity that is none
   */
  constructor(capacity: number) {
    checkOptions({ capacity }, { capacity: countOrNone })
    this.#capacity = capacity
  }

  /** Items inside; what those hold who wait to send is not. */
  get size(): number {
    return this.#items.size
  }

  /**
   * Resolves when the item is inside, or with its receiver. Nobody overtakes.
   *
   * @throws ClosedError when it is closed, also while this one waits
   * @throws the reason of `signal` as soon as it aborts; the item then never arrives
   * @throws the reason of `abort`
   */
  async send(item: T, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#aborted) throw this.#aborted.reason
    if (this.#isClosed) throw closed()
    const receiver = takeFirst(this.#receivers)
    if (receiver) receiver.resolve({ done: false, value: item })
    else if (this.#items.size < this.#capacity) this.#items.push(item)
    else await waitIn(this.#senders, { item, ...Promise.withResolvers<void>() }, signal)
  }

  /**
   * The oldest item; waits for one where there is none. Done when it is closed and empty.
   *
   * @throws the reason of `signal` as soon as it aborts; nothing is taken then
   * @throws the reason of `abort`
   */
  async receive(signal?: AbortSignal): Promise<Received<T>> {
    signal?.throwIfAborted()
    if (this.#aborted) throw this.#aborted.reason
    if (this.#items.size > 0) {
      const value = this.#items.shift()
      const sender = takeFirst(this.#senders)
      if (sender) {
        this.#items.push(sender.item)
        sender.resolve()
      }
      return { done: false, value }
    }
    // Without a buffer.
    const sender = takeFirst(this.#senders)
    if (sender) {
      sender.resolve()
      return { done: false, value: sender.item }
    }
    if (this.#isClosed) return DONE
    return waitIn(this.#receivers, Promise.withResolvers<Received<T>>(), signal)
  }

  /** Takes nothing more. What is inside can still be received; who waits to send hears a ClosedError. */
  close(): void {
    this.#isClosed = true
    for (const sender of this.#senders) sender.reject(closed())
    for (const receiver of this.#receivers) receiver.resolve(DONE)
    this.#senders.clear()
    this.#receivers.clear()
  }

  /** Discards what is inside; who waits, or comes, hears the reason. The first one stays. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#items.clear()
    for (const waiter of [...this.#senders, ...this.#receivers]) waiter.reject(this.#aborted.reason)
    this.#senders.clear()
    this.#receivers.clear()
  }

  /** Receives until it is done. To leave the loop closes nothing: others may receive, too. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.receive() }
  }
}

const closed = () => new ClosedError('The channel is closed')

function takeFirst<W>(waiters: Set<W>): W | undefined {
  const [first] = waiters
  if (first !== undefined) waiters.delete(first)
  return first
}

/** Waits in line until somebody settles it, or the signal aborts: then it is in the line no more. */
async function waitIn<W extends PromiseWithResolvers<R>, R>(
  line: Set<W>,
  waiter: W & PromiseWithResolvers<R>,
  signal: AbortSignal | undefined,
): Promise<R> {
  const onAbort = () => {
    line.delete(waiter)
    waiter.reject(signal?.reason)
  }
  line.add(waiter)
  signal?.addEventListener('abort', onAbort)
  try {
    return await waiter.promise
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** First in, first out, in constant time: an array's `shift` moves whatever is left. */
class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** The oldest; there must be one. */
  shift(): T {
    const item = this.#items[this.#head] as T
    this.#items[this.#head++] = undefined
    if (this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    return item
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }
}
