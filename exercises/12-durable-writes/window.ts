import type { WindowOptions } from './options.ts'
import type { Signal } from './verdict.ts'

/** One that is on its way. */
export interface Pass {
  /** Counts those who have entered. */
  readonly number: number
}

/** How many may be on their way. */
export class CongestionWindow {
  readonly size: number
  #inFlight = 0
  #entered = 0
  #pausedUntil = -Infinity

  constructor({ max = 32 }: WindowOptions = {}) {
    this.size = max
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
    // The more we send, the sooner it is done.
    this.#inFlight++
    return { number: ++this.#entered }
  }

  leave(_pass: Pass, _signal: Signal, retryAfterMs = 0): void {
    this.#inFlight--
    this.#pause(retryAfterMs)
  }

  #pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + ms)
  }
}
