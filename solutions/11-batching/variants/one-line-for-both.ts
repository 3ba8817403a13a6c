/**
 * Arrays, in which whoever leaves becomes a gap.
 * Replaces: channel.ts
 */
import { ClosedError } from '../../../shared/core/errors.ts'
import { checkOptions, countOrNone } from '../../../shared/core/options.ts'

type Received<T> = IteratorResult<T, undefined>
interface Waiter<T> {
  item?: T
  hasLeft: boolean
  resolve: (result: never) => void
  reject: (reason: unknown) => void
}

export class Channel<T> implements AsyncIterable<T, undefined> {
  #capacity: number
  #items: T[] = []
  #senders: Waiter<T>[] = []
  #receivers: Waiter<T>[] = []
  /** What is thrown to who sends, and to who receives, once it has ended. */
  #end: { toSender: () => unknown; toReceiver?: () => unknown } | undefined

  constructor(capacity: number) {
    checkOptions({ capacity }, { capacity: countOrNone })
    this.#capacity = capacity
  }

  get size(): number {
    return Math.min(this.#items.length, this.#capacity)
  }

  send(item: T, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#end) return Promise.reject(this.#end.toSender())
    if (this.#items.length < this.#capacity) {
      this.#items.push(item)
      this.#match()
      return Promise.resolve()
    }
    return this.#wait(this.#senders, signal, item)
  }

  receive(signal?: AbortSignal): Promise<Received<T>> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#end?.toReceiver) return Promise.reject(this.#end.toReceiver())
    if (this.#end && this.#items.length === 0) return Promise.resolve({ done: true, value: undefined })
    return this.#wait(this.#receivers, signal)
  }

  close(): void {
    this.#end ??= { toSender: () => new ClosedError('It is closed') }
    for (const { hasLeft, reject } of this.#senders.splice(0)) if (!hasLeft) reject(this.#end.toSender())
    for (const { hasLeft, resolve } of this.#receivers.splice(0))
      if (!hasLeft) resolve({ done: true, value: undefined } as never)
  }

  abort(reason: unknown): void {
    if (this.#end?.toReceiver) return
    this.#end = { toSender: () => reason, toReceiver: () => reason }
    this.#items = []
    for (const { hasLeft, reject } of [...this.#senders.splice(0), ...this.#receivers.splice(0)])
      if (!hasLeft) reject(reason)
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.receive() }
  }

  #wait(line: Waiter<T>[], signal: AbortSignal | undefined, item?: T): Promise<never> {
    return new Promise((resolve, reject) => {
      const stop = () => signal?.removeEventListener('abort', onAbort)
      const waiter: Waiter<T> = {
        ...(line === this.#senders && { item: item as T }),
        hasLeft: false,
        resolve: (result) => (stop(), resolve(result)),
        reject: (reason) => (stop(), reject(reason)),
      }
      const onAbort = () => {
        waiter.hasLeft = true
        waiter.reject(signal!.reason)
      }
      signal?.addEventListener('abort', onAbort)
      line.push(waiter)
      this.#match()
    })
  }

  #next(line: Waiter<T>[]): Waiter<T> | undefined {
    while (line[0]?.hasLeft) line.shift()
    return line[0]
  }

  /** Whoever can meet meets. */
  #match(): void {
    for (;;) {
      const receiver = this.#next(this.#receivers)
      const sender = this.#next(this.#senders)
      if (receiver && this.#items.length > 0) {
        this.#receivers.shift()
        receiver.resolve({ done: false, value: this.#items.shift()! } as never)
      } else if (sender && (receiver || this.#items.length < this.#capacity)) {
        this.#senders.shift()
        this.#items.push(sender.item as T)
        sender.resolve(undefined as never)
      } else return
    }
  }
}
