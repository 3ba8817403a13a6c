import { inspect } from 'node:util'
import { TimeoutError } from '../../shared/core/errors.ts'
import type { AllCacheOptions, Level } from './options.ts'
import { type Entry, frozen, Store } from './store.ts'

export type { Kept, Level } from './options.ts'

/** JSON makes null of NaN, and null is 0 or more. */
const isMs = (value: unknown) => Number.isFinite(value) && Number(value) >= 0

/**
 * Where answers are kept: in this process, and in a second level behind it, if there is one. That may be slow, down or
 * talking nonsense, which is nobody's failed request.
 */
export class Levels<T> {
  readonly #first: Store<T>
  readonly #second: Level<T> | undefined
  readonly #secondMs: number
  readonly #onFailure: (error: unknown) => void
  readonly #looks = new Map<string, Promise<void>>()

  constructor(options: AllCacheOptions<T>) {
    this.#first = new Store(options)
    this.#second = options.second
    this.#secondMs = options.secondMs
    this.#onFailure = options.onSecondFailure
  }

  get entries(): number {
    return this.#first.entries
  }

  get bytes(): number {
    return this.#first.bytes
  }

  /** What this process has. */
  get(key: string): Entry<T> | undefined {
    return this.#first.get(key)
  }

  /** Keeps it here, and has it kept there: nobody waits for that. */
  keep(key: string, entry: Entry<T>): void {
    this.#first.set(key, entry)
    if (!this.#second || entry.kind === 'refusal') return
    const { value, begunAt, tookMs } = entry
    const write = async (second: Level<T>) => second.set(key, { value, ageMs: performance.now() - begunAt, tookMs })
    write(this.#second).catch(this.#onFailure)
  }

  /** Takes over what the second level has, if that is younger than what is here; one look for all. It never rejects. */
  look(key: string): Promise<void> | undefined {
    if (!this.#second || this.#looks.has(key)) return this.looking(key)
    const look = this.#look(this.#second, key).finally(() => this.#looks.delete(key))
    this.#looks.set(key, look)
    return look
  }

  /** The look that is under way. */
  looking(key: string): Promise<void> | undefined {
    return this.#looks.get(key)
  }

  async #look(second: Level<T>, key: string): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new TimeoutError(`No answer in ${this.#secondMs} ms`)), this.#secondMs)
    try {
      // What it says after that, a rejection too, is heard by the race, and by nobody else.
      const kept = await Promise.race([second.get(key), late])
      if (kept === undefined) return
      const { value, ageMs, tookMs } = kept
      if (!isMs(ageMs) || !isMs(tookMs)) throw new TypeError(`That is no kept answer: ${inspect(kept)}`)
      // Its age goes on: what is handed round would never be old.
      const begunAt = performance.now() - ageMs
      if (begunAt > (this.#first.get(key)?.begunAt ?? -Infinity))
        this.#first.set(key, { kind: 'answer', value: frozen(value), begunAt, tookMs })
    } catch (error) {
      this.#onFailure(error)
    } finally {
      clearTimeout(timer)
    }
  }
}
