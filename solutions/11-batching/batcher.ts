import { ClosedError, QueueFullError } from '../../shared/core/errors.ts'
import { checkOptions, count, type Rule } from '../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'

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

interface Entry<T, R> extends Pick<PromiseWithResolvers<R>, 'resolve' | 'reject'> {
  readonly item: T
  readonly key: unknown
  readonly addedAt: number
  /** Takes its listener off the signal of whoever has added it. */
  stopListening?: () => void
}

const timerMs: Rule = [(value) => value >= 0 && value <= MAX_TIMER_MS, 'milliseconds from 0 to 2³¹−1']

/**
 * Makes batches of what comes one by one: a batch goes when it is full, or when its oldest item has waited for
 * `maxWaitMs`, if there is a place for it. Each item has a promise of its own.
 */
export class Batcher<T, R> {
  readonly #options: Required<Omit<BatcherOptions<T, R>, 'keyOf'>>
  readonly #keyOf: ((item: T) => unknown) | undefined
  /** A set keeps its order, and forgets one of its midst at no cost. */
  readonly #waiting = new Set<Entry<T, R>>()
  readonly #keys: Keys | undefined
  readonly #stop = new AbortController()
  #inFlight = 0
  #timer: NodeJS.Timeout | undefined
  #drained: PromiseWithResolvers<T[]> | undefined

  /** @throws RangeError for an option out of its bounds */
  constructor({
    send,
    maxSize = 100,
    maxWaitMs = 10,
    maxInFlight = 1,
    capacity = 10_000,
    keyOf,
  }: BatcherOptions<T, R>) {
    checkOptions({ maxSize, maxWaitMs, maxInFlight }, { maxSize: count, maxWaitMs: timerMs, maxInFlight: count })
    const room: Rule = [(value) => count[0](value) && value >= maxSize, `a whole number, maxSize (${maxSize}) or more`]
    checkOptions({ capacity }, { capacity: room })
    this.#options = { send, maxSize, maxWaitMs, maxInFlight, capacity }
    this.#keyOf = keyOf
    this.#keys = keyOf && new Keys()
  }

  /** Items that have not been sent. */
  get waiting(): number {
    return this.#waiting.size
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
  add(item: T, signal?: AbortSignal): Promise<R> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (this.#drained) throw new ClosedError('The batcher drains, and takes nothing more')
      if (this.#waiting.size >= this.#options.capacity) throw new QueueFullError(this.#options.capacity)
      const key = this.#keyOf?.(item)
      const entry: Entry<T, R> = { item, key, addedAt: performance.now(), resolve, reject }
      if (signal) this.#watch(entry, signal)
      this.#waiting.add(entry)
      this.#keys?.comes(key)
      // One that is younger than another does not change when that one's time is.
      if (this.#timer === undefined || this.#ready >= this.#options.maxSize) this.#pump()
    })
  }

  /**
   * Takes no more, and sends what waits at once. Resolves with `[]` when everything is back. When `signal` aborts, it
   * resolves with what was never sent, in order; whoever has added it hears the signal's reason, and so does `send`. The
   * first call decides; each further one is given the same promise.
   */
  drain(signal?: AbortSignal): Promise<T[]> {
    if (this.#drained) return this.#drained.promise
    const { promise, resolve } = (this.#drained = Promise.withResolvers())
    const onAbort = () => {
      const left = [...this.#waiting]
      for (const entry of left) {
        this.#leave(entry)
        entry.stopListening?.()
        entry.reject(signal!.reason)
      }
      resolve(left.map(({ item }) => item))
      this.#stop.abort(signal!.reason)
    }
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort)
    void promise.then(() => signal?.removeEventListener('abort', onAbort))
    this.#pump()
    return promise
  }

  /** Items that wait, and whose key is in no batch that is under way. */
  get #ready(): number {
    return this.#waiting.size - (this.#keys?.held ?? 0)
  }

  /** Sends what is full or due, as far as there are places, and has a timer for what is not. */
  #pump(): void {
    const { maxSize, maxWaitMs, maxInFlight } = this.#options
    for (;;) {
      // Each time anew: `send` may have added something, whose own pump has set it.
      clearTimeout(this.#timer)
      this.#timer = undefined
      if (this.#ready === 0 || this.#inFlight >= maxInFlight) break
      const isFull = this.#ready >= maxSize || this.#drained !== undefined
      const leftMs = isFull ? 0 : this.#oldest().addedAt + maxWaitMs - performance.now()
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(leftMs))
        break
      }
      this.#send(this.#take(maxSize))
    }
    if (this.#waiting.size === 0 && this.#inFlight === 0) this.#drained?.resolve([])
  }

  #send(batch: Entry<T, R>[]): void {
    this.#inFlight++
    // An async function: its synchronous throw is a rejection.
    const send = async () => {
      const results = await this.#options.send(
        batch.map(({ item }) => item),
        this.#stop.signal,
      )
      if (results?.length === batch.length) return results
      throw new TypeError(`send was given ${batch.length} items, and told of ${results?.length}`)
    }
    const back = (tell: (entry: Entry<T, R>, index: number) => void) => {
      this.#inFlight--
      this.#keys?.comeBack(batch)
      for (const [index, entry] of batch.entries()) {
        entry.stopListening?.()
        tell(entry, index)
      }
      this.#pump()
    }
    send().then(
      (results) =>
        back(({ resolve, reject }, index) => {
          const result = results[index]
          if (result?.status === 'fulfilled') resolve(result.value)
          else reject(result?.reason)
        }),
      (error: unknown) => back(({ reject }) => reject(error)),
    )
  }

  #take(maxSize: number): Entry<T, R>[] {
    const batch: Entry<T, R>[] = []
    for (const entry of this.#waiting) {
      if (batch.length === maxSize) break
      if (this.#keys?.isBusy(entry.key)) continue
      this.#waiting.delete(entry)
      batch.push(entry)
    }
    this.#keys?.go(batch)
    return batch
  }

  #oldest(): Entry<T, R> {
    for (const entry of this.#waiting) if (!this.#keys?.isBusy(entry.key)) return entry
    throw new Error('Nothing is ready')
  }

  #watch(entry: Entry<T, R>, signal: AbortSignal): void {
    const onAbort = () => {
      if (this.#waiting.has(entry)) {
        this.#leave(entry)
        // Its timer may have been for this one.
        this.#pump()
      }
      entry.stopListening?.()
      entry.reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort)
    entry.stopListening = () => signal.removeEventListener('abort', onAbort)
  }

  #leave(entry: Entry<T, R>): void {
    this.#waiting.delete(entry)
    this.#keys?.leaves(entry.key)
  }
}

/** Which keys are in a batch that is under way, and how many items wait for one of them. */
class Keys {
  readonly #states = new Map<unknown, { waiting: number; isBusy: boolean }>()
  held = 0

  isBusy(key: unknown): boolean {
    return this.#states.get(key)?.isBusy ?? false
  }

  comes(key: unknown): void {
    const state = this.#states.get(key) ?? { waiting: 0, isBusy: false }
    this.#states.set(key, state)
    state.waiting++
    if (state.isBusy) this.held++
  }

  leaves(key: unknown): void {
    const state = this.#states.get(key)!
    state.waiting--
    if (state.isBusy) this.held--
    else if (state.waiting === 0) this.#states.delete(key)
  }

  go(batch: Iterable<{ key: unknown }>): void {
    for (const { key } of batch) {
      const state = this.#states.get(key)!
      state.waiting--
      if (state.isBusy) this.held--
      else {
        state.isBusy = true
        this.held += state.waiting
      }
    }
  }

  comeBack(batch: Iterable<{ key: unknown }>): void {
    for (const { key } of batch) {
      const state = this.#states.get(key)
      if (!state?.isBusy) continue
      state.isBusy = false
      this.held -= state.waiting
      if (state.waiting === 0) this.#states.delete(key)
    }
  }
}
