/**
 * One list for everybody, in order of arrival; who goes next is looked for when there is a place, and one timer is set for whoever
 * has to go home first.
 * Replaces: door.ts
 */
import type { Deadline } from '../../../shared/core/deadline.ts'
import { OverloadError, TimeoutError } from '../../../shared/core/errors.ts'
import { checkOptions } from '../../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../../shared/core/sleep.ts'
import { type ConcurrencyLimit, type DoorOptions, urgency as urgencyRule, withDefaults } from '../options.ts'

export type * from '../door.ts'

interface Waiter {
  urgency: number
  deadline: Deadline
  cameAt: number
  patienceMs: number
  isNew: boolean
  settle(error?: unknown): void
}

export class Door {
  readonly #options: Required<DoorOptions>
  readonly #limit: ConcurrencyLimit
  #line: Waiter[] = []
  #isTurnDue = false
  #timer: NodeJS.Timeout | undefined
  #busySince = Infinity
  #calmFrom = 0
  #meanMs = 0
  #turnMs = 0
  #turnedAt = NaN
  #count = 0
  inside = 0

  constructor(options: DoorOptions) {
    this.#options = withDefaults(options)
    const { limit } = options
    this.#limit = typeof limit === 'number' ? { places: limit, learn() {} } : limit
  }

  get places(): number {
    return this.#limit.places
  }

  get waiting(): number {
    return this.#line.length
  }

  async enter({
    urgency = 3,
    deadline = Infinity,
    signal,
  }: { urgency?: number; deadline?: Deadline; signal?: AbortSignal } = {}) {
    checkOptions({ urgency }, { urgency: urgencyRule })
    signal?.throwIfAborted()
    const cameAt = performance.now()
    const { maxWaitMs, burstMs } = this.#options
    if (deadline <= cameAt) throw new TimeoutError('too late', { elapsedMs: 0 })
    this.#expire(cameAt)
    if (this.#line.length === 0 && cameAt >= this.#calmFrom) this.#busySince = Infinity
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = () => waiter.settle(signal!.reason)
    const waiter: Waiter = {
      urgency,
      deadline,
      cameAt,
      patienceMs: Math.max(maxWaitMs, cameAt < this.#busySince + burstMs ? burstMs : 0),
      isNew: true,
      settle: (error) => {
        signal?.removeEventListener('abort', onAbort)
        this.#line = this.#line.filter((other) => other !== waiter)
        if (error instanceof OverloadError) this.#calmFrom = performance.now() + burstMs
        this.#wind()
        if (error === undefined) resolve()
        else reject(error)
      },
    }
    signal?.addEventListener('abort', onAbort)
    this.#line.push(waiter)
    this.#wake()
    await promise
    const beganAt = performance.now()
    let isInside = true
    const leave = () => {
      if (!isInside) return
      isInside = false
      const ms = performance.now() - beganAt
      this.#meanMs = this.#meanMs === 0 ? ms : 0.9 * this.#meanMs + 0.1 * ms
      this.#limit.learn({ ms, inside: this.inside-- })
      this.#wake()
    }
    return { waitedMs: beganAt - cameAt, leave }
  }

  #wake(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    setImmediate(() => {
      this.#isTurnDue = false
      this.#decide(performance.now())
    })
  }

  #until({ cameAt, deadline, patienceMs }: Waiter): number {
    return Math.min(deadline, cameAt + patienceMs)
  }

  #decide(now: number): void {
    const { perTurn, queue, earlyFrom, random } = this.#options
    if (this.#turnedAt <= now) this.#turnMs = 0.9 * this.#turnMs + 0.1 * (now - this.#turnedAt)
    this.#expire(now)
    for (let begun = 0; begun < perTurn && this.inside < this.places && this.#line.length > 0; begun++) {
      this.inside++
      this.#next(now).settle()
    }
    const free = Math.max(0, this.places - this.inside)
    const newcomers = this.#line.filter(({ isNew }) => isNew).toSorted((a, b) => a.urgency - b.urgency)
    this.#line = this.#line.filter(({ isNew }) => !isNew)
    for (const waiter of newcomers) {
      waiter.isNew = false
      const ahead = this.#line.filter(({ urgency }) => urgency <= waiter.urgency).length
      const alike = this.#line.filter(({ urgency }) => urgency === waiter.urgency).length
      const placeless = alike - Math.max(0, free - ahead + alike)
      const over = placeless - earlyFrom * queue
      const refuse = (because: 'full' | 'early' | 'late') =>
        waiter.settle(new OverloadError(because, now - waiter.cameAt))
      const nth = 1 + ahead - (this.#isNewestFirst(now) ? alike : 0)
      const waitMs = Math.max((nth * this.#turnMs) / perTurn, nth > free ? (nth * this.#meanMs) / this.places : 0)
      const haveMs = this.#until(waiter) - now
      if (placeless >= queue) refuse('full')
      else if (earlyFrom < 1 && over > 0 && random() < over / (queue * (1 - earlyFrom))) refuse('early')
      else if (nth <= Math.min(free, perTurn)) this.#line.push(waiter)
      else if (waitMs > Math.max(haveMs / 2, haveMs - this.#options.maxWaitMs / 2)) refuse('late')
      else this.#line.push(waiter)
    }
    this.#wind()
    if (this.#line.length > 0) this.#busySince = Math.min(this.#busySince, now)
    const isDueAgain = this.#line.length > 0 && this.inside < this.places
    this.#turnedAt = isDueAgain ? now : NaN
    if (isDueAgain) this.#wake()
  }

  #next(now: number): Waiter {
    if (++this.#count % this.#options.fairEvery === 0) return this.#line.toSorted((a, b) => a.cameAt - b.cameAt)[0]!
    const urgent = Math.min(...this.#line.map(({ urgency }) => urgency))
    const alike = this.#line.filter(({ urgency }) => urgency === urgent)
    return alike.at(this.#isNewestFirst(now) ? -1 : 0)!
  }

  #isNewestFirst(now: number): boolean {
    return now - this.#busySince >= this.#options.newestFirstAfterMs
  }

  #expire(now: number): void {
    for (const waiter of this.#line) {
      if (waiter.deadline <= now) waiter.settle(new TimeoutError('too late', { elapsedMs: now - waiter.cameAt }))
      else if (!waiter.isNew && this.#until(waiter) <= now)
        waiter.settle(new OverloadError('waited', now - waiter.cameAt))
    }
  }

  /** Sets the one timer. */
  #wind(): void {
    clearTimeout(this.#timer)
    const until = Math.min(...this.#line.filter(({ isNew }) => !isNew).map((waiter) => this.#until(waiter)))
    if (until === Infinity) return
    const ms = Math.min(Math.max(0, until - performance.now()), MAX_TIMER_MS)
    this.#timer = setTimeout(() => {
      this.#expire(performance.now())
      this.#wind()
    }, ms)
  }
}
