import { Levels } from './levels.ts'
import { type AllCacheOptions, type Answer, type CacheOptions, type Fetch, withDefaults } from './options.ts'
import { SingleFlight } from './single-flight.ts'

export type { Answer, CacheOptions, Fetch } from './options.ts'

/**
 * Keeps answers, and has a limit on their age for each occasion: below `freshMs` nobody is asked; below `slowMs` it is
 * better than to wait; below `errorMs` it is better than nothing.
 */
export class StaleCache<T> {
  readonly #options: AllCacheOptions<T>
  readonly #levels: Levels<T>
  readonly #flights: SingleFlight<T>

  /** @throws RangeError for an option out of its bounds */
  constructor(options: CacheOptions<T>) {
    this.#options = withDefaults(options)
    this.#levels = new Levels(this.#options)
    this.#flights = new SingleFlight(this.#options)
  }

  /** Kept in this process. */
  get entries(): number {
    return this.#levels.entries
  }

  get bytes(): number {
    return this.#levels.bytes
  }

  /**
   * What is kept under that key, or what `fetch` brings, which is called once for all who wait for it.
   *
   * @throws what `fetch` throws when nothing young enough is kept, and what `isRefusal` names in any case
   * @throws TimeoutError when the call takes longer than `limitMs`, and the reason of `signal` when that aborts
   */
  async get(key: string, fetch: Fetch<T>, signal?: AbortSignal): Promise<Answer<T>> {
    const entry = await this.#levels.get(key)
    if (entry?.value && Date.now() - entry.at < this.#options.freshMs)
      return { value: entry.value, how: 'hit', ageMs: Date.now() - entry.at }
    const value = await this.#flights.share(key, fetch, signal)
    await this.#levels.set(key, value)
    return { value, how: 'miss', ageMs: 0 }
  }
}
