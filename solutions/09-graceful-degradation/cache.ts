import { neverAborts } from '../../shared/core/never-aborts.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'
import { Levels } from './levels.ts'
import { type AllCacheOptions, type Answer, type CacheOptions, type Fetch, withDefaults } from './options.ts'
import { SingleFlight } from './single-flight.ts'
import { type Entry, frozen } from './store.ts'

export type { Answer, CacheOptions, Fetch } from './options.ts'

type Kept<T> = Extract<Entry<T>, { kind: 'answer' }>

/** What a flight brings: an answer of its call, or a copy that is fresh enough to save it. */
interface Brought<T> {
  kept: Kept<T>
  isCopy: boolean
}

/**
 * Keeps answers, and has a limit on their age for each occasion: below `freshMs` nobody is asked; below `slowMs` it is
 * better than to wait; below `errorMs` it is better than nothing. Beyond that it is given to nobody. What it gives is
 * frozen, and says how old it is.
 */
export class StaleCache<T> {
  readonly #options: AllCacheOptions<T>
  readonly #levels: Levels<T>
  readonly #flights: SingleFlight<Brought<T>>

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
  async get(key: string, fetch: Fetch<T>, signal: AbortSignal = neverAborts): Promise<Answer<T>> {
    signal.throwIfAborted()
    const { freshMs, refusalMs } = this.#options
    const entry = this.#levels.get(key)
    if (entry?.kind === 'refusal' && ageOf(entry) < refusalMs) throw entry.error
    if (entry?.kind === 'answer' && ageOf(entry) < freshMs) {
      this.#refreshEarly(key, fetch, entry)
      return answer(entry, 'hit')
    }
    return this.#ask(key, fetch, signal)
  }

  async #ask(key: string, fetch: Fetch<T>, signal: AbortSignal): Promise<Answer<T>> {
    const { patienceMs, slowMs, errorMs } = this.#options
    const leaver = new AbortController()
    const onAbort = () => leaver.abort(signal.reason)
    signal.addEventListener('abort', onAbort)
    const elapsedMs = this.#flights.elapsedMs(key)
    const brought = this.#flights.share(key, this.#bring(key, fetch), leaver.signal)

    const { promise: instead, resolve } = Promise.withResolvers<Answer<T>>()
    const giveStale = () => {
      const stale = leaver.signal.aborted ? undefined : this.#younger(key, slowMs)
      if (!stale) return
      // Who comes next is to find what it brings.
      this.#flights.hold(key)
      resolve(stale)
    }
    // By what the call has taken, and not this caller: who comes late does not wait anew.
    const leftMs = patienceMs - (elapsedMs ?? 0)
    let timer: NodeJS.Timeout | undefined
    const onImpatient = () => {
      giveStale()
      // Perhaps there is one to come.
      void this.#levels.looking(key)?.then(giveStale)
    }

    try {
      if (leftMs <= 0) onImpatient()
      else if (leftMs <= MAX_TIMER_MS) timer = setTimeout(onImpatient, leftMs)
      const first = await Promise.race([brought, instead])
      if ('how' in first) return first
      return answer(first.kept, first.isCopy ? 'hit' : elapsedMs === undefined ? 'miss' : 'shared')
    } catch (cause) {
      // Somebody's wish is nobody's failure.
      signal.throwIfAborted()
      const stale = this.#younger(key, errorMs)
      if (!stale) throw cause
      return { ...stale, cause }
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      leaver.abort(GIVEN)
    }
  }

  /** @param earlyMs by how much a copy of the second level must be younger than the oldest that is fresh */
  #bring(key: string, fetch: Fetch<T>, earlyMs = 0): Fetch<Brought<T>> {
    return async (signal, deadline) => {
      await this.#levels.look(key)
      signal.throwIfAborted()
      const copy = this.#levels.get(key)
      if (copy?.kind === 'answer' && ageOf(copy) + earlyMs < this.#options.freshMs) return { kept: copy, isCopy: true }
      const begunAt = performance.now()
      try {
        const value = frozen(await fetch(signal, deadline))
        const kept: Kept<T> = { kind: 'answer', value, begunAt, tookMs: performance.now() - begunAt }
        // What comes when nobody waits for it any more, another call may have overtaken.
        if (!signal.aborted) this.#levels.keep(key, kept)
        return { kept, isCopy: false }
      } catch (error) {
        if (!signal.aborted && this.#options.isRefusal(error))
          this.#levels.keep(key, { kind: 'refusal', error, begunAt })
        throw error
      }
    }
  }

  /**
   * Each caller draws whether he asks before it is too late, the likelier the nearer the end: so it is mostly one, of
   * however many in however many processes (Vattani et al., VLDB 2015). He does not wait for it.
   */
  #refreshEarly(key: string, fetch: Fetch<T>, kept: Kept<T>): void {
    const { freshMs, earliness, random } = this.#options
    if (earliness === 0) return
    const earlyMs = kept.tookMs * earliness * -Math.log(1 - random())
    if (ageOf(kept) + earlyMs < freshMs) return
    this.#flights.share(key, this.#bring(key, fetch, earlyMs)).catch(() => {})
  }

  #younger(key: string, ms: number): Answer<T> | undefined {
    const entry = this.#levels.get(key)
    if (entry?.kind !== 'answer' || ageOf(entry) >= ms) return undefined
    // A copy from the second level may be fresh, also when the call goes on to be early.
    return answer(entry, ageOf(entry) < this.#options.freshMs ? 'hit' : 'stale')
  }
}

/** Nobody's failure: the caller has something, and waits no longer. */
const GIVEN = new Error('The caller has an answer')

const ageOf = ({ begunAt }: { begunAt: number }): number => performance.now() - begunAt

const answer = <T>(kept: Kept<T>, how: Answer<T>['how']): Answer<T> => ({ value: kept.value, how, ageMs: ageOf(kept) })
