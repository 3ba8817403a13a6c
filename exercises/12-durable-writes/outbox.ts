import { randomUUID } from 'node:crypto'
import type { Disk } from './disk.ts'
import { Log } from './log.ts'
import type { DeadLetter, Item, OutboxOptions, OutboxStats } from './options.ts'
import { type Verdict, verdictOf } from './verdict.ts'
import { CongestionWindow } from './window.ts'

/** What was put, and what is done. */
type Entry<T> = { put: Item<T> } | { done: number }

const EVERY_MS = 1000

/** Delivers what was put into it, in this life or the next. */
export class Outbox<T> {
  readonly torn: { file: string; bytes: number } | undefined
  readonly deadLetters: DeadLetter<T>[] = []
  readonly #log: Log<Entry<T>>
  readonly #deliver: OutboxOptions<T>['deliver']
  readonly #verdictOf: (error: unknown) => Verdict
  readonly #window: CongestionWindow
  /** By their number. */
  readonly #owed = new Map<number, Item<T>>()
  readonly #timer: NodeJS.Timeout
  #delivered = 0
  #failed = 0

  static async open<T>(disk: Disk, options: OutboxOptions<T>): Promise<Outbox<T>> {
    return new Outbox<T>(await Log.open(disk), options)
  }

  private constructor(log: Log<Entry<T>>, options: OutboxOptions<T>) {
    this.#log = log
    this.#deliver = options.deliver
    this.#verdictOf = options.verdictOf ?? verdictOf
    this.#window = options.window ?? new CongestionWindow()
    for (const { number, record } of log.recovered) {
      if ('put' in record) this.#owed.set(number, record.put)
      else this.#owed.delete(record.done)
    }
    this.#timer = setInterval(() => this.#send(), EVERY_MS)
  }

  get stats(): OutboxStats {
    return {
      pending: this.#owed.size,
      oldestMs: 0,
      inFlight: this.#window.inFlight,
      window: this.#window.size,
      dead: 0,
      bytes: this.#log.bytes,
      delivered: this.#delivered,
      failed: this.#failed,
      broken: undefined,
    }
  }

  /** Resolves when it has been written. @param key the same with each attempt */
  async put(payload: T, key: string = randomUUID()): Promise<void> {
    const item = { key, payload }
    this.#owed.set(await this.#log.append({ put: item }), item)
  }

  /** Sends nothing more. Resolves with how many are still owed. */
  async drain(_signal?: AbortSignal): Promise<number> {
    clearInterval(this.#timer)
    await this.#log.close()
    return this.#owed.size
  }

  /** All dead letters are owed again. */
  async revive(): Promise<void> {
    // Nothing ever dies here.
  }

  /** Whatever is owed, now. */
  #send(): void {
    for (const [number, item] of this.#owed) void this.#attempt(number, item)
  }

  async #attempt(number: number, item: Item<T>): Promise<void> {
    const pass = this.#window.enter()
    if (!pass) return
    try {
      await this.#deliver(item, new AbortController().signal)
    } catch (error) {
      this.#failed++
      const { signal, retryAfterMs } = this.#verdictOf(error)
      return this.#window.leave(pass, signal, retryAfterMs)
    }
    this.#delivered++
    this.#window.leave(pass, 'free')
    this.#owed.delete(number)
    // Where that cannot be written, it comes again in the next life.
    await this.#log.append({ done: number }).catch(() => {})
  }
}
