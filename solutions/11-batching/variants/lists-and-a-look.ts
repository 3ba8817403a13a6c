/**
 * A list, and a look at all of it whenever something has changed.
 * Replaces: batcher.ts
 */
import { ClosedError, QueueFullError } from '../../../shared/core/errors.ts'
import { checkOptions, count } from '../../../shared/core/options.ts'
import type { BatcherOptions } from '../batcher.ts'

export type { BatcherOptions } from '../batcher.ts'

interface Waiting<T, R> {
  item: T
  key: unknown
  dueAt: number
  settle: (result: PromiseSettledResult<R>) => void
}

export class Batcher<T, R> {
  #options: Required<Omit<BatcherOptions<T, R>, 'keyOf'>>
  #keyOf: (item: T) => unknown
  #waiting: Waiting<T, R>[] = []
  #underWay: Waiting<T, R>[][] = []
  #timer: NodeJS.Timeout | undefined
  #stop = new AbortController()
  #drain: { promise: Promise<T[]>; resolve: (left: T[]) => void } | undefined

  constructor({
    send,
    maxSize = 100,
    maxWaitMs = 10,
    maxInFlight = 1,
    capacity = 10_000,
    keyOf,
  }: BatcherOptions<T, R>) {
    this.#options = { send, maxSize, maxWaitMs, maxInFlight, capacity }
    // Each its own key, where there is none.
    this.#keyOf = keyOf ?? (() => Symbol('item'))
    checkOptions(this.#options, {
      maxSize: count,
      maxInFlight: count,
      maxWaitMs: [(value) => value >= 0 && value < 2 ** 31, 'a delay that setTimeout takes'],
      capacity: [(value) => count[0](value) && value >= maxSize, 'a whole number, maxSize or more'],
    })
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get inFlight(): number {
    return this.#underWay.length
  }

  async add(item: T, signal?: AbortSignal): Promise<R> {
    signal?.throwIfAborted()
    if (this.#drain) throw new ClosedError('It drains')
    if (this.#waiting.length >= this.#options.capacity) throw new QueueFullError(this.#options.capacity)
    const { promise, resolve } = Promise.withResolvers<PromiseSettledResult<R>>()
    const dueAt = performance.now() + this.#options.maxWaitMs
    const entry = { item, key: this.#keyOf(item), dueAt, settle: resolve }
    const onAbort = () => {
      resolve({ status: 'rejected', reason: signal!.reason })
      if (!this.#waiting.includes(entry)) return
      this.#waiting = this.#waiting.filter((other) => other !== entry)
      this.#look()
    }
    signal?.addEventListener('abort', onAbort)
    this.#waiting.push(entry)
    this.#look()
    const result = await promise
    signal?.removeEventListener('abort', onAbort)
    if (result.status === 'rejected') throw result.reason
    return result.value
  }

  drain(signal?: AbortSignal): Promise<T[]> {
    if (this.#drain) return this.#drain.promise
    this.#drain = Promise.withResolvers()
    const onAbort = () => {
      const left = this.#waiting.splice(0)
      for (const { settle } of left) settle({ status: 'rejected', reason: signal!.reason })
      this.#stop.abort(signal!.reason)
      this.#drain!.resolve(left.map(({ item }) => item))
    }
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted) onAbort()
    this.#look()
    return (this.#drain.promise = this.#drain.promise.finally(() => signal?.removeEventListener('abort', onAbort)))
  }

  #look(): void {
    const { maxSize, maxInFlight } = this.#options
    clearTimeout(this.#timer)
    const busy = new Set(this.#underWay.flat().map(({ key }) => key))
    const ready = this.#waiting.filter(({ key }) => !busy.has(key))
    if (this.#waiting.length + this.#underWay.length === 0) this.#drain?.resolve([])
    if (ready.length === 0 || this.#underWay.length >= maxInFlight) return
    const leftMs = ready[0]!.dueAt - performance.now()
    if (ready.length >= maxSize || leftMs <= 0 || this.#drain) {
      void this.#send(ready.slice(0, maxSize))
      return this.#look()
    }
    this.#timer = setTimeout(() => this.#look(), Math.ceil(leftMs))
  }

  async #send(batch: Waiting<T, R>[]): Promise<void> {
    this.#waiting = this.#waiting.filter((entry) => !batch.includes(entry))
    this.#underWay.push(batch)
    const items = batch.map(({ item }) => item)
    let results: readonly PromiseSettledResult<R>[]
    try {
      results = await this.#options.send(items, this.#stop.signal)
      if (results?.length !== items.length)
        throw new TypeError(`${results?.length} results for a batch of ${items.length}`)
    } catch (reason) {
      results = items.map(() => ({ status: 'rejected', reason }))
    }
    batch.forEach(({ settle }, index) => settle(results[index]!))
    this.#underWay = this.#underWay.filter((other) => other !== batch)
    this.#look()
  }
}
