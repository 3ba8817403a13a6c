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
  readonly pauseMs = 0
  #inFlight = 0
  #entered = 0

  constructor({ max = 32 }: WindowOptions = {}) {
    this.size = max
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Undefined when there is no place. */
  enter(): Pass | undefined {
    // The more we send, the sooner it is done.
    this.#inFlight++
    return { number: ++this.#entered }
  }

  leave(_pass: Pass, _signal: Signal, _retryAfterMs?: number): void {
    this.#inFlight--
  }
}
