import { checkOptions, count, type Rule, share } from '../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'
import type { WindowOptions } from './options.ts'
import type { Signal } from './verdict.ts'

/** One that is on its way. */
export interface Pass {
  /** Counts those who have entered. */
  readonly number: number
}

const timerMs: Rule = [(value) => value > 0 && value <= MAX_TIMER_MS, 'milliseconds, above 0 and below 2³¹']

/**
 * How many may be on their way, by what became of those who were: TCP's slow start and congestion avoidance (RFC 5681), for
 * deliveries. Nobody knows what a downstream bears; it is found out, from below, and again after each trouble.
 */
export class CongestionWindow {
  readonly #options: Required<WindowOptions>
  #size = 1
  #inFlight = 0
  #threshold: number
  #entered = 0
  /** The last to enter when the window was full: whoever left before has not needed all of it. */
  #filledBy = 0
  /** The last to enter before the last cut: what becomes of those is no news. */
  #cutAfter = 0
  /** Successes since the window has grown last, beyond the threshold. */
  #successes = 0
  /** In a row. */
  #pauses = 0
  #pausedUntil = -Infinity

  /** @throws RangeError for options that are none */
  constructor({ max = 32, baseMs = 100, capMs = 5000, jitter = 0.2, random = Math.random }: WindowOptions = {}) {
    this.#options = { max, baseMs, capMs, jitter, random }
    const noLess: Rule = [(value) => timerMs[0](value) && value >= baseMs, `${timerMs[1]}, and at least baseMs`]
    checkOptions(this.#options, { max: count, baseMs: timerMs, capMs: noLess, jitter: share })
    this.#threshold = max
  }

  get size(): number {
    return this.#size
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Milliseconds until somebody may enter again; 0 when nothing but the window's size is in the way. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntil - performance.now())
  }

  /** Undefined when it is full, or pauses. Whoever has a pass leaves with it, once. */
  enter(): Pass | undefined {
    if (this.#inFlight >= this.#size || this.pauseMs > 0) return undefined
    const number = ++this.#entered
    if (++this.#inFlight >= this.#size) this.#filledBy = number
    return { number }
  }

  /**
   * @param signal `free`: it has arrived; `congested`: the downstream said that it is too much; `lost`: it said nothing;
   * `none`: what it said is about something else
   * @param retryAfterMs what it asked for: nobody enters before
   */
  leave({ number }: Pass, signal: Signal, retryAfterMs = 0): void {
    this.#inFlight--
    this.#pause(retryAfterMs)
    // One round trip, one cut: of the others that were on their way then, nothing else was to be expected.
    if (number <= this.#cutAfter) return
    if (signal === 'free') this.#grow(number)
    else if (signal !== 'none') this.#cut(signal)
  }

  #grow(number: number): void {
    this.#pauses = 0
    const { max } = this.#options
    if (number > this.#filledBy || this.#size >= max) return
    if (this.#size < this.#threshold) this.#size++
    else if (++this.#successes >= this.#size) {
      this.#size++
      this.#successes = 0
    }
  }

  #cut(signal: 'congested' | 'lost'): void {
    this.#cutAfter = this.#entered
    this.#successes = 0
    const half = Math.max(1, Math.floor(this.#size / 2))
    // It is 1 again and again as long as nobody answers: what it was before that is still the better guess.
    if (this.#size > 1) this.#threshold = half
    this.#size = signal === 'lost' ? 1 : half
    if (this.#size > 1) return
    const { baseMs, capMs, jitter, random } = this.#options
    this.#pause(Math.min(capMs, baseMs * 2 ** this.#pauses++) * (1 - jitter * random()))
  }

  #pause(ms: number): void {
    // A NaN would stay there for ever, and no pause be one again.
    if (ms > 0) this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + ms)
  }
}
