/**
 * Mistake: cuts itself out of a line in which it is no more: at −1, which is the last one’s place.
 * Replaces: limiter.ts
 * Killed by: lets those behind move up when somebody leaves
 */
import type { Deadline } from '../../../shared/core/deadline.ts'
import { RateLimitedError } from '../../../shared/core/errors.ts'
import { checkOptions, count, instant } from '../../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../../shared/core/sleep.ts'
import { decide } from '../bucket.ts'
import { checkCost, type Decision, type Rate, rateOf } from '../options.ts'

export interface RateLimiterOptions extends Rate {
  name?: string
  maxWaiting?: number
}

export interface WaitOptions {
  cost?: number
  signal?: AbortSignal
  deadline?: Deadline
}

export interface Reservation {
  readonly delayMs: number
  cancel(): void
}

interface Place {
  cost: number
  since: number
  go?: () => void
}

export class RateLimiter {
  readonly #rate: Required<Rate>
  readonly #unitMs: number
  readonly #name: string
  readonly #maxWaiting: number
  readonly #line: Place[] = []
  #fullAt = -Infinity
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  constructor({ name = 'upstream', maxWaiting = 1_000, ...rate }: RateLimiterOptions) {
    checkOptions({ maxWaiting }, { maxWaiting: count })
    this.#rate = rateOf(rate)
    this.#unitMs = 1000 / this.#rate.perSecond
    this.#name = name
    this.#maxWaiting = maxWaiting
  }

  get waiting(): number {
    return this.#waiting
  }

  allow(cost = 1): Decision {
    const now = this.#moveUp()
    const decision = this.#decide(this.#line.length, cost, now)
    if (decision.allowed) this.#take(cost, now)
    return decision
  }

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
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#line.push(place)
    if (this.#waiting++ === 0) this.#setTimer(now)
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  reserve(cost = 1): Reservation {
    checkCost(cost, this.#rate.burst)
    const place: Place = { cost, since: this.#moveUp() }
    this.#line.push(place)
    const delayMs = () => {
      const now = this.#moveUp()
      const index = this.#line.indexOf(place)
      return index < 0 ? 0 : this.#decide(index, cost, now).retryAfterMs
    }
    delayMs()
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

  #moveUp(): number {
    const now = performance.now()
    for (let first = this.#line[0]; first && this.#decide(0, first.cost, now).allowed; first = this.#line[0]) {
      this.#line.shift()
      this.#take(first.cost, first.go ? now : first.since)
      if (first.go) this.#waiting--
      first.go?.()
    }
    if (this.#waiting === 0) clearTimeout(this.#timer)
    return now
  }

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
    this.#line.splice(index, 1)
    if (place.go) this.#waiting--
    this.#setTimer(this.#moveUp())
  }

  #setTimer(now: number): void {
    clearTimeout(this.#timer)
    const index = this.#line.findIndex(({ go }) => go)
    if (index < 0) return
    const { retryAfterMs } = this.#decide(index, this.#line[index]!.cost, now)
    const ms = Math.min(Math.ceil(retryAfterMs), MAX_TIMER_MS)
    this.#timer = setTimeout(() => this.#setTimer(this.#moveUp()), ms)
  }

  #refusal(why: string, retryAfterMs: number): RateLimitedError {
    const message = `No call to ${this.#name}: ${why}; its turn would be in ${Math.ceil(retryAfterMs)} ms`
    return new RateLimitedError(message, retryAfterMs)
  }
}
