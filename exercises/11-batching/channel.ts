import { ClosedError } from '../../shared/core/errors.ts'

type Received<T> = IteratorResult<T, undefined>

/** A queue with an end: who sends more than fits waits until somebody has received. */
export class Channel<T> implements AsyncIterable<T, undefined> {
  readonly #items: T[] = []
  readonly #wake: (() => void)[] = []
  #isClosed = false
  /** For later. */
  protected readonly capacity: number

  /**
   * @param capacity items inside, at most: a whole number; with 0, a sender waits for its receiver
   * @throws RangeError for a capacity that is none
   */
  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Items inside; what those hold who wait to send is not. */
  get size(): number {
    return this.#items.length
  }

  /**
   * Resolves when the item is inside, or with its receiver. Nobody overtakes.
   *
   * @throws ClosedError when it is closed, also while this one waits
   * @throws the reason of `signal` as soon as it aborts; the item then never arrives
   * @throws the reason of `abort`
   */
  async send(item: T, _signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw new ClosedError('The channel is closed')
    // Memory is cheap.
    this.#items.push(item)
    this.#wake.shift()?.()
  }

  /**
   * The oldest item; waits for one where there is none. Done when it is closed and empty.
   *
   * @throws the reason of `signal` as soon as it aborts; nothing is taken then
   * @throws the reason of `abort`
   */
  async receive(_signal?: AbortSignal): Promise<Received<T>> {
    while (!this.#items.at(0)) {
      if (this.#isClosed) return { done: true, value: undefined }
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
    return { done: false, value: this.#items.shift()! }
  }

  /** Takes nothing more. What is inside can still be received; who waits to send hears a ClosedError. */
  close(): void {
    this.#items.length = 0
    this.#isClosed = true
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Discards what is inside; who waits, or comes, hears the reason. The first one stays. */
  abort(_reason: unknown): void {
    this.close()
  }

  /** Receives until it is done. To leave the loop closes nothing: others may receive, too. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined> {
    try {
      for (;;) {
        const { done, value } = await this.receive()
        if (done) return undefined
        yield value
      }
    } finally {
      this.close()
    }
  }
}
