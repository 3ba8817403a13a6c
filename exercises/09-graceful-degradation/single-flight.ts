import type { Fetch } from './options.ts'

export type { Fetch } from './options.ts'

/**
 * One call for all who ask the same at the same time. The call is nobody's own: whoever leaves ends only his waiting, and
 * the last one who leaves ends the call. A call that hangs holds its key for `limitMs`, and no longer.
 */
export class SingleFlight<T> {
  readonly #limitMs: number

  /**
   * @param options.limitMs for a whole call; above 0, below 2³¹. Default: 10,000
   * @throws RangeError for an option out of its bounds
   */
  constructor({ limitMs = 10_000 }: { limitMs?: number } = {}) {
    this.#limitMs = limitMs
  }

  /** Calls under way. */
  get size(): number {
    return 0
  }

  /** For how long the call of that key has been under way, in milliseconds; undefined when there is none. */
  elapsedMs(_key: string): number | undefined {
    return undefined
  }

  /** Has the call of that key go on, whoever leaves. */
  hold(_key: string): void {}

  /**
   * What the call of that key brings; if there is none, `fetch` begins it.
   *
   * @throws what the call throws, a TimeoutError when it takes longer than `limitMs`, or the reason of `signal`
   */
  async share(_key: string, fetch: Fetch<T>, signal: AbortSignal = new AbortController().signal): Promise<T> {
    // Each for himself.
    return fetch(signal, performance.now() + this.#limitMs)
  }
}
