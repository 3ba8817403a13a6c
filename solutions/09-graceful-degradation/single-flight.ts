import { NotNeededError, TimeoutError } from '../../shared/core/errors.ts'
import { checkOptions } from '../../shared/core/options.ts'
import { type Fetch, timerMs } from './options.ts'

export type { Fetch } from './options.ts'

interface Flight<T> {
  readonly begunAt: number
  readonly outcome: Promise<T>
  /** How many wait for it. */
  waiting: number
  /** Ends it, if it has not ended yet: for who waits, for its key, and for the work. */
  stop(reason: unknown): void
}

/**
 * One call for all who ask the same at the same time. The call is nobody's own: whoever leaves ends only his waiting, and
 * the last one who leaves ends the call. A call that hangs holds its key for `limitMs`, and no longer.
 */
export class SingleFlight<T> {
  readonly #limitMs: number
  readonly #flights = new Map<string, Flight<T>>()

  /**
   * @param options.limitMs for a whole call; above 0, below 2³¹. Default: 10,000
   * @throws RangeError for an option out of its bounds
   */
  constructor({ limitMs = 10_000 }: { limitMs?: number } = {}) {
    checkOptions({ limitMs }, { limitMs: timerMs })
    this.#limitMs = limitMs
  }

  /** Calls under way. */
  get size(): number {
    return this.#flights.size
  }

  /** For how long the call of that key has been under way, in milliseconds; undefined when there is none. */
  elapsedMs(key: string): number | undefined {
    const flight = this.#flights.get(key)
    return flight && performance.now() - flight.begunAt
  }

  /**
   * What the call of that key brings; if there is none, `fetch` begins it.
   *
   * @throws what the call throws, a TimeoutError when it takes longer than `limitMs`, or the reason of `signal`
   */
  async share(key: string, fetch: Fetch<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const flight = this.#flights.get(key) ?? this.#begin(key, fetch)
    flight.waiting++
    if (!signal) return flight.outcome
    const { promise: left, reject } = Promise.withResolvers<never>()
    const onAbort = () => {
      reject(signal.reason)
      if (--flight.waiting === 0) flight.stop(new NotNeededError('Everybody who waited for it has left'))
    }
    signal.addEventListener('abort', onAbort)
    // The call that has just begun may have aborted who began it.
    if (signal.aborted) onAbort()
    try {
      return await Promise.race([left, flight.outcome])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Has the call of that key go on, whoever leaves. */
  hold(key: string): void {
    const flight = this.#flights.get(key)
    if (flight) flight.waiting++
  }

  #begin(key: string, fetch: Fetch<T>): Flight<T> {
    const controller = new AbortController()
    const begunAt = performance.now()
    const { promise: outcome, resolve, reject } = Promise.withResolvers<T>()
    let isOver = false
    // Its key is free before anybody hears of it; and only the first end counts, for the key may be another's by the next.
    const end = (tell: () => void) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      this.#flights.delete(key)
      tell()
    }
    const stop = (reason: unknown) =>
      end(() => {
        // Before the work hears of it, and fails in its own words.
        reject(reason)
        controller.abort(reason)
      })
    const timer = setTimeout(() => {
      const elapsedMs = performance.now() - begunAt
      stop(new TimeoutError(`The call has not ended within ${this.#limitMs} ms`, { elapsedMs }))
    }, this.#limitMs)
    const flight: Flight<T> = { begunAt, outcome, waiting: 0, stop }
    this.#flights.set(key, flight)
    // An async function: its synchronous throw is a rejection.
    const call = async () => fetch(controller.signal, begunAt + this.#limitMs)
    call().then(
      (value) => end(() => resolve(value)),
      (error: unknown) => end(() => reject(error)),
    )
    return flight
  }
}
