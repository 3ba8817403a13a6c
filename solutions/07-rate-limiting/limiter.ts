import type { Deadline } from '../../shared/core/deadline.ts'
import { RateLimitedError } from '../../shared/core/errors.ts'
import { checkOptions, count, instant } from '../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'
import { decide } from './bucket.ts'
import { checkCost, type Decision, type Rate, rateOf } from './options.ts'

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

/** In the line: somebody who waits, or a reservation, which nobody needs to wake. */
interface Place {
  cost: number
  /** When it came, on the clock of `performance.now()`. */
  since: number
  go?: () => void
}

/**
 * Keeps what we ask of somebody else to their rate: who is too early stands in line, and nobody overtakes. A place is
 * not an instant: who leaves takes his units along, and those behind move up. One timer, for the first who waits.
 */
export class RateLimiter {
  readonly #rate: Required<Rate>
  readonly #unitMs: number
  readonly #name: string
  readonly #maxWaiting: number
  readonly #line: Place[] = []
  /** Of those who have had their turn; see TokenBucket. */
  #fullAt = -Infinity
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  /** @throws RangeError for options out of bounds */
  constructor({ name = 'upstream', maxWaiting = 1_000, ...rate }: RateLimiterOptions) {
    checkOptions({ maxWaiting }, { maxWaiting: count })
    this.#rate = rateOf(rate)
    this.#unitMs = 1000 / this.#rate.perSecond
    this.#name = name
    this.#maxWaiting = maxWaiting
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
    const now = this.#moveUp()
    const decision = this.#decide(this.#line.length, cost, now)
    if (decision.allowed) this.#take(cost, now)
    return decision
  }

  /**
   * Resolves when its turn has come.
   *
   * @throws RangeError for options out of bounds
   * @throws RateLimitedError at once, with nothing taken, if its turn would come after the deadline, or the line is full
   * @throws the reason of `signal`, as soon as that aborts; those behind move up
   */
  async wait({ cost = 1, signal, deadline = Infinity }: WaitOptions = {}): Promise<void> {
    checkOptions({ deadline }, { deadline: instant })
    const now = this.#moveUp()
    const { retryAfterMs } = this.#decide(this.#line.length, cost, now)
    signal?.throwIfAborted()
    if (now + retryAfterMs > deadline) throw this.#refusal('its turn would come after the deadline', retryAfterMs)
    if (retryAfterMs === 0) return this.#take(cost, now)
    if (this.#waiting >= this.#maxWaiting) throw this.#refusal(`${this.#waiting} are in line`, retryAfterMs)

    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const place: Place = { cost, since: now, go: resolve }
    const onAbort = () => {
      this.#leave(place)
      reject(signal!.reason)
    }
    signal?.addEventListener('abort', onAbort)
    this.#line.push(place)
    // The timer is for the first who waits, and that is somebody else.
    if (this.#waiting++ === 0) this.#setTimer(now)
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /**
   * A place in the line whose turn comes by itself, for somebody who wants to know how long that will take.
   *
   * @throws RangeError for a cost that is not above 0, or is more than the burst
   */
  reserve(cost = 1): Reservation {
    checkCost(cost, this.#rate.burst)
    const place: Place = { cost, since: this.#moveUp() }
    this.#line.push(place)
    const delayMs = () => {
      const now = this.#moveUp()
      const index = this.#line.indexOf(place)
      return index < 0 ? 0 : this.#decide(index, cost, now).retryAfterMs
    }
    return {
      get delayMs() {
        return delayMs()
      },
      cancel: () => {
        this.#moveUp()
        this.#leave(place)
      },
    }
  }

  /** Lets go whose turn has come. @returns now */
  #moveUp(): number {
    const now = performance.now()
    for (let first = this.#line[0]; first && this.#decide(0, first.cost, now).allowed; first = this.#line[0]) {
      this.#line.shift()
      // A reservation's turn may have come long ago, when nobody looked.
      this.#take(first.cost, first.go ? now : first.since)
      if (first.go) this.#waiting--
      first.go?.()
    }
    if (this.#waiting === 0) clearTimeout(this.#timer)
    return now
  }

  /** Of somebody with so many places of the line before him. */
  #decide(before: number, cost: number, now: number): Decision {
    let owedMs = Math.max(0, this.#fullAt - now)
    for (let i = 0; i < before; i++) owedMs += this.#line[i]!.cost * this.#unitMs
    return decide(this.#rate, owedMs, cost)
  }

  #take(cost: number, at: number): void {
    this.#fullAt = Math.max(at, this.#fullAt) + cost * this.#unitMs
  }

  #leave(place: Place): void {
    const index = this.#line.indexOf(place)
    if (index < 0) return
    this.#line.splice(index, 1)
    if (place.go) this.#waiting--
    this.#setTimer(this.#moveUp())
  }

  #setTimer(now: number): void {
    clearTimeout(this.#timer)
    const index = this.#line.findIndex(({ go }) => go)
    if (index < 0) return
    const { retryAfterMs } = this.#decide(index, this.#line[index]!.cost, now)
    // Rounded up, as Node cuts off what is behind the point. It may still be early, and looks again.
    const ms = Math.min(Math.ceil(retryAfterMs), MAX_TIMER_MS)
    this.#timer = setTimeout(() => this.#setTimer(this.#moveUp()), ms)
  }

  #refusal(why: string, retryAfterMs: number): RateLimitedError {
    const message = `No call to ${this.#name}: ${why}; its turn would be in ${Math.ceil(retryAfterMs)} ms`
    return new RateLimitedError(message, retryAfterMs)
  }
}
