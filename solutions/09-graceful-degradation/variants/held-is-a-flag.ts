/**
 * Held is a flag and no caller, and a key is freed by whoever still has it.
 * Replaces: single-flight.ts
 */
import { NotNeededError, TimeoutError } from '../../../shared/core/errors.ts'
import { checkOptions } from '../../../shared/core/options.ts'
import { type Fetch, timerMs } from '../options.ts'

export type { Fetch } from '../options.ts'

interface Call<T> {
  promise: Promise<T>
  controller: AbortController
  startedAt: number
  waiting: number
  held: boolean
}

/**
 * One call for all who ask the same at the same time. The call is nobody's own: whoever leaves ends only his waiting, and
 * the last one who leaves ends the call. A call that hangs holds its key for `limitMs`, and no longer.
 */
export class SingleFlight<T> {
  readonly #limitMs: number
  readonly #calls = new Map<string, Call<T>>()

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
    return this.#calls.size
  }

  /** For how long the call of that key has been under way, in milliseconds; undefined when there is none. */
  elapsedMs(key: string): number | undefined {
    const call = this.#calls.get(key)
    return call && performance.now() - call.startedAt
  }

  /** Has the call of that key go on, whoever leaves. */
  hold(key: string): void {
    const call = this.#calls.get(key)
    if (call) call.held = true
  }

  /**
   * What the call of that key brings; if there is none, `fetch` begins it.
   *
   * @throws what the call throws, a TimeoutError when it takes longer than `limitMs`, or the reason of `signal`
   */
  async share(key: string, fetch: Fetch<T>, signal: AbortSignal = new AbortController().signal): Promise<T> {
    signal.throwIfAborted()
    let call = this.#calls.get(key)
    if (!call) call = this.#begin(key, fetch)
    call.waiting++
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => {
        signal.removeEventListener('abort', onAbort)
        reject(signal.reason)
        if (--call.waiting === 0 && !call.held) {
          this.#free(key, call)
          call.controller.abort(new NotNeededError('Nobody waits for it any more'))
        }
      }
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort)
      call.promise.then(
        (value) => {
          signal.removeEventListener('abort', onAbort)
          resolve(value)
        },
        (error) => {
          signal.removeEventListener('abort', onAbort)
          reject(error)
        },
      )
    })
  }

  #free(key: string, call: Call<T>) {
    if (this.#calls.get(key) === call) this.#calls.delete(key)
  }

  #begin(key: string, fetch: Fetch<T>): Call<T> {
    const startedAt = performance.now()
    const controller = new AbortController()
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const call: Call<T> = { promise, controller, startedAt, waiting: 0, held: false }
    this.#calls.set(key, call)
    const timer = setTimeout(() => {
      const error = new TimeoutError(`No answer within ${this.#limitMs} ms`, {
        elapsedMs: performance.now() - startedAt,
      })
      this.#free(key, call)
      reject(error)
      controller.abort(error)
    }, this.#limitMs)
    const settle = () => {
      clearTimeout(timer)
      this.#free(key, call)
    }
    controller.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
    promise.catch(() => {})
    ;(async () => fetch(controller.signal, startedAt + this.#limitMs))().then(
      (value) => {
        settle()
        resolve(value)
      },
      (error) => {
        settle()
        reject(error)
      },
    )
    return call
  }
}
