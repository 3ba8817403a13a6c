/**
 * Those who wait are a set of callbacks, and the call knows them.
 * Replaces: single-flight.ts
 */
import { NotNeededError, TimeoutError } from '../../../shared/core/errors.ts'
import { checkOptions } from '../../../shared/core/options.ts'
import { type Fetch, timerMs } from '../options.ts'

export type { Fetch } from '../options.ts'

type Ending<T> = { value: T } | { error: unknown }

class Flight<T> {
  readonly begunAt = performance.now()
  readonly #controller = new AbortController()
  readonly #waiting = new Set<(ending: Ending<T>) => void>()
  readonly #onEnd: () => void
  readonly #timer: NodeJS.Timeout
  #isHeld = false
  #hasEnded = false

  constructor(limitMs: number, onEnd: () => void) {
    this.#onEnd = onEnd
    this.#timer = setTimeout(
      () =>
        this.#stop(new TimeoutError(`No end within ${limitMs} ms`, { elapsedMs: performance.now() - this.begunAt })),
      limitMs,
    )
  }

  /** When its first caller waits for it. */
  begin(fetch: Fetch<T>, limitMs: number): void {
    const call = async () => fetch(this.#controller.signal, this.begunAt + limitMs)
    call().then(
      (value) => this.#end({ value }),
      (error: unknown) => this.#end({ error }),
    )
  }

  hold(): void {
    this.#isHeld = true
  }

  wait(signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const onEnd = (ending: Ending<T>) => {
        signal?.removeEventListener('abort', onAbort)
        if ('value' in ending) resolve(ending.value)
        else reject(ending.error)
      }
      const onAbort = () => {
        this.#waiting.delete(onEnd)
        reject(signal!.reason)
        if (this.#waiting.size === 0 && !this.#isHeld) this.#stop(new NotNeededError('Nobody waits for it'))
      }
      this.#waiting.add(onEnd)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  #stop(error: unknown): void {
    this.#end({ error })
    this.#controller.abort(error)
  }

  #end(ending: Ending<T>): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    clearTimeout(this.#timer)
    this.#onEnd()
    for (const tell of this.#waiting) tell(ending)
  }
}

export class SingleFlight<T> {
  readonly #limitMs: number
  readonly #flights = new Map<string, Flight<T>>()

  constructor({ limitMs = 10_000 }: { limitMs?: number } = {}) {
    checkOptions({ limitMs }, { limitMs: timerMs })
    this.#limitMs = limitMs
  }

  get size(): number {
    return this.#flights.size
  }

  elapsedMs(key: string): number | undefined {
    const flight = this.#flights.get(key)
    return flight && performance.now() - flight.begunAt
  }

  hold(key: string): void {
    this.#flights.get(key)?.hold()
  }

  async share(key: string, fetch: Fetch<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const joined = this.#flights.get(key)
    if (joined) return joined.wait(signal)
    const flight = new Flight<T>(this.#limitMs, () => this.#flights.delete(key))
    this.#flights.set(key, flight)
    const outcome = flight.wait(signal)
    flight.begin(fetch, this.#limitMs)
    return outcome
  }
}
