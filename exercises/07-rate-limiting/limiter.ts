import type { Deadline } from '../../shared/core/deadline.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { TokenBucket } from './bucket.ts'
import type { Decision, Rate } from './options.ts'

export interface RateLimiterOptions extends Rate {
  /** Of what is spared, for messages. Default: upstream. */
  name?: string
  /** Calls of `wait` in the line, at most; a whole number. Default: 1,000. */
  maxWaiting?: number
}

export interface WaitOptions {
  /** Units, above 0 and at most the burst. Default: 1. */
  cost?: number
  signal?: AbortSignal
  /** Who would have his turn later is refused now. Default: Infinity. */
  deadline?: Deadline
}

export interface Reservation {
  /** Milliseconds until its turn, as of now: when somebody before it leaves, it moves up. 0 when it has come. */
  readonly delayMs: number
  /** Before its turn, gives back all that it would have taken, to those behind it; after it, nothing. */
  cancel(): void
}

const POLL_MS = 100

/** Keeps what we ask of somebody else to their rate: who is too early stands in line, and nobody overtakes. */
export class RateLimiter {
  readonly #bucket: TokenBucket
  #waiting = 0

  /** @throws RangeError for options out of bounds */
  constructor({ perSecond, burst }: RateLimiterOptions) {
    this.#bucket = new TokenBucket({ perSecond, burst })
  }

  /** Calls of `wait` in the line. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * Takes `cost` units if they are there, and nobody is in line for them.
   *
   * @throws RangeError for a cost that is not above 0, or is more than the burst
   */
  allow(cost = 1): Decision {
    return this.#bucket.allow(cost)
  }

  /**
   * Resolves when its turn has come.
   *
   * @throws RangeError for options out of bounds
   * @throws RateLimitedError at once, with nothing taken, if its turn would come after the deadline, or the line is full
   * @throws the reason of `signal`, as soon as that aborts; those behind move up
   */
  async wait({ cost = 1, signal }: WaitOptions = {}): Promise<void> {
    this.#waiting++
    try {
      while (!this.allow(cost).allowed) await sleep(POLL_MS, signal)
    } finally {
      this.#waiting--
    }
  }

  /**
   * A place in the line whose turn comes by itself, for somebody who wants to know how long that will take.
   *
   * @throws RangeError for a cost that is not above 0, or is more than the burst
   */
  reserve(cost = 1): Reservation {
    this.allow(cost)
    return { delayMs: 0, cancel() {} }
  }
}
