import type { AllCacheOptions, Level } from './options.ts'
import { type Entry, Store } from './store.ts'

export type { Kept, Level } from './options.ts'

/** Where answers are kept: in this process, and in a second level behind it, if there is one. */
export class Levels<T> {
  readonly #first: Store<T>
  readonly #second: Level<T> | undefined

  constructor(options: AllCacheOptions<T>) {
    this.#first = new Store(options)
    this.#second = options.second
  }

  get entries(): number {
    return this.#first.entries
  }

  get bytes(): number {
    return this.#first.bytes
  }

  async get(key: string): Promise<Entry<T> | undefined> {
    const entry = this.#first.get(key)
    if (entry || !this.#second) return entry
    // Redis is in the same building.
    const kept = await this.#second.get(key)
    return kept && { value: kept.value, at: Date.now() }
  }

  async set(key: string, value: T): Promise<void> {
    this.#first.set(key, { value, at: Date.now() })
    await this.#second?.set(key, { value, ageMs: 0, tookMs: 0 })
  }
}
