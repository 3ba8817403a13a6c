import { randomUUID } from 'node:crypto'
import type { Disk } from './disk.ts'
import { Log } from './log.ts'
import type { DeadLetter, Item, OutboxOptions, OutboxStats } from './options.ts'

/** What was put, and what is done. */
type Entry<T> = { put: Item<T> } | { done: number }

const EVERY_MS = 1000

/** Delivers what was put into it, in this life or the next. */
export class Outbox<T> {
  readonly torn: { file: string; bytes: number } | undefined
  readonly deadLetters: DeadLetter<T>[] = []
  readonly #log: Log<Entry<T>>
  readonly #deliver: OutboxOptions<T>['deliver']
  /** By their number. */
  readonly #owed = new Map<number, Item<T>>()
  readonly #timer: NodeJS.Timeout
  #delivered = 0
  #failed = 0

  static async open<T>(disk: Disk, options: OutboxOptions<T>): Promise<Outbox<T>> {
    return new Outbox<T>(await Log.open(disk), options)
  }

  private constructor(log: Log<Entry<T>>, { deliver }: OutboxOptions<T>) {
    this.#log = log
    this.#deliver = deliver
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
      inFlight: 0,
      window: this.#owed.size,
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
    const { signal } = new AbortController()
    for (const [number, item] of this.#owed) {
      this.#deliver(item, signal)
        .then(() => {
          this.#delivered++
          this.#owed.delete(number)
          return this.#log.append({ done: number })
        })
        .catch(() => this.#failed++)
    }
  }
}
