import type { Deadline } from '../../shared/core/deadline.ts'
import { OverloadError, TimeoutError } from '../../shared/core/errors.ts'
import { neverAborts } from '../../shared/core/never-aborts.ts'
import { checkOptions } from '../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'
import { type ConcurrencyLimit, type DoorOptions, URGENCIES, urgency as urgencyRule, withDefaults } from './options.ts'

export type { ConcurrencyLimit, DoorOptions } from './options.ts'

export interface Visitor {
  /** From 0, the most urgent, to 7. Default: 3. */
  urgency?: number
  /** After which nobody waits for what would begin. Default: Infinity. */
  deadline?: Deadline
  signal?: AbortSignal
}

/** A place inside. */
export interface Pass {
  readonly waitedMs: number
  /** Gives the place back; a second time, nothing happens. */
  leave(): void
}

interface Waiter {
  readonly urgency: number
  readonly arrivedAt: number
  /** When its own time is up, or its patience, whichever is earlier. */
  readonly until: number
  readonly deadline: Deadline
  timer?: NodeJS.Timeout
  letIn(pass: Pass): void
  refuse(error: unknown): void
  stopListening(): void
}

/** What the latest weighs in a mean. */
const WEIGHT = 0.1
const mean = (before: number | undefined, ms: number) => (before === undefined ? ms : before + WEIGHT * (ms - before))

/**
 * Lets so many in, has a few wait for a little while, and refuses the others at once: so whoever is inside is served at
 * the speed at which the service is good, however many there are outside.
 *
 * Nobody begins in the turn of the event loop in which they came. At its end all that has come in is known, and so are
 * all who have left: then places are handed over, and the queue is cut to its length. So what is under way is gone on
 * with first, and work begins at the pace at which the loop turns.
 */
export class Door {
  readonly #options: Required<DoorOptions>
  readonly #limit: ConcurrencyLimit
  /** One for each urgency; sets keep their order, and forget one of their midst at no cost. */
  readonly #queues = Array.from({ length: URGENCIES }, () => new Set<Waiter>())
  #newcomers: Waiter[] = []
  #inside = 0
  #handedOver = 0
  #isTurnDue = false
  /** Since when there has been somebody waiting all the time, or was refused. */
  #busySince = Infinity
  #refusedAt = -Infinity
  /** What a visit takes, and a turn of the loop that somebody has to wait for. Of turns, the first is often the longest. */
  #visitMs: number | undefined
  #turnMs = 0
  #turnBeganAt: number | undefined

  /** @throws RangeError for an option out of its bounds */
  constructor(options: DoorOptions) {
    this.#options = withDefaults(options)
    const { limit } = this.#options
    this.#limit = typeof limit === 'number' ? { places: limit, learn() {} } : limit
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#queues.reduce((sum, { size }) => sum + size, 0)
  }

  /** How many may be inside, as of now. */
  get places(): number {
    return this.#limit.places
  }

  /**
   * Waits for a place, for `maxWaitMs` at most, and in a burst for `burstMs`.
   *
   * @throws OverloadError when there is none to be had
   * @throws TimeoutError when `deadline` has passed, and the reason of `signal` when it has aborted
   * @throws RangeError for an urgency that is none
   */
  async enter({ urgency = 3, deadline = Infinity, signal = neverAborts }: Visitor = {}): Promise<Pass> {
    checkOptions({ urgency }, { urgency: urgencyRule })
    signal.throwIfAborted()
    const arrivedAt = performance.now()
    if (this.#newcomers.length === 0) this.#expireAll(arrivedAt)
    const { maxWaitMs, burstMs } = this.#options
    // A queue that refusals have emptied would be a burst again, and as long as it was, for ever.
    if (this.waiting === 0 && arrivedAt - this.#refusedAt >= burstMs) this.#busySince = Infinity
    const stands = arrivedAt - this.#busySince >= burstMs
    const until = Math.min(deadline, arrivedAt + (stands ? maxWaitMs : Math.max(maxWaitMs, burstMs)))
    return new Promise((letIn, refuse) => {
      const onAbort = () => this.#refuse(waiter, signal.reason)
      const stopListening = () => signal.removeEventListener('abort', onAbort)
      const waiter: Waiter = { urgency, arrivedAt, until, deadline, letIn, refuse, stopListening }
      signal.addEventListener('abort', onAbort)
      this.#queues[urgency]!.add(waiter)
      this.#newcomers.push(waiter)
      this.#awaitTurn()
    })
  }

  #awaitTurn(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    setImmediate(() => {
      this.#isTurnDue = false
      this.#turn()
    })
  }

  /** The end of a turn of the event loop: whoever has come is here, and whoever has left is gone. */
  #turn(): void {
    const now = performance.now()
    if (this.#turnBeganAt !== undefined) this.#turnMs = mean(this.#turnMs, now - this.#turnBeganAt)
    this.#turnBeganAt = undefined

    this.#expireAll(now)
    for (let begun = 0; begun < this.#options.perTurn && this.#free > 0; begun++) {
      const next = this.#next(now)
      if (!next) break
      this.#letIn(next, now)
    }

    // Those of this turn who are left stand in line again, one by one, behind whoever is ahead of them.
    const left = this.#newcomers.filter((waiter) => this.#queues[waiter.urgency]!.delete(waiter))
    this.#newcomers = []
    for (const waiter of left.toSorted((a, b) => a.urgency - b.urgency)) {
      const because = this.#refusalOf(waiter, now)
      if (because) this.#refuse(waiter, new OverloadError(because, now - waiter.arrivedAt))
      else {
        this.#queues[waiter.urgency]!.add(waiter)
        this.#watch(waiter, now)
      }
    }
    if (this.waiting > 0) {
      this.#busySince = Math.min(this.#busySince, now)
      if (this.#free > 0) {
        this.#turnBeganAt = now
        this.#awaitTurn()
      }
    }
  }

  get #free(): number {
    return this.#limit.places - this.#inside
  }

  #next(now: number): Waiter | undefined {
    const { fairEvery } = this.#options
    const queues = this.#queues.filter(({ size }) => size > 0)
    if ((this.#handedOver + 1) % fairEvery === 0)
      return queues.map(first).toSorted((a, b) => a.arrivedAt - b.arrivedAt)[0]
    const [queue] = queues
    return queue && (this.#isNewestFirst(now) ? [...queue].at(-1) : first(queue))
  }

  #isNewestFirst(now: number): boolean {
    return now - this.#busySince >= this.#options.newestFirstAfterMs
  }

  #letIn(waiter: Waiter, now: number): void {
    this.#forget(waiter)
    this.#inside++
    this.#handedOver++
    let isInside = true
    const leave = () => {
      if (!isInside) return
      isInside = false
      this.#learn(performance.now() - now)
    }
    waiter.letIn({ waitedMs: now - waiter.arrivedAt, leave })
  }

  #learn(ms: number): void {
    const { inside } = this
    this.#inside--
    this.#visitMs = mean(this.#visitMs, ms)
    if (this.waiting > 0) this.#awaitTurn()
    this.#limit.learn({ ms, inside })
  }

  /** Why somebody who has just come may not wait; undefined when they may. */
  #refusalOf({ urgency, until }: Waiter, now: number): OverloadError['because'] | undefined {
    const { queue, maxWaitMs, perTurn, earlyFrom, random } = this.#options
    const free = this.#free
    const ahead = this.#queues.slice(0, urgency + 1).reduce((sum, { size }) => sum + size, 0)
    const { size } = this.#queues[urgency]!
    // The free places are for whoever is more urgent, and then for these.
    const placeless = size - Math.max(0, free - (ahead - size))
    if (placeless >= queue) return 'full'
    const from = earlyFrom * queue
    if (random() < (placeless - from) / (queue - from)) return 'early'
    const before = this.#isNewestFirst(now) ? ahead - size : ahead
    // They go in in the next turn; and a door that closed itself by an estimate would never learn that it was wrong.
    if (before < Math.min(free, perTurn)) return undefined
    const patienceMs = until - now
    // An average is exceeded half of the time: of those who are let wait at its very edge, each other one waits in vain.
    const marginMs = Math.min(patienceMs, maxWaitMs) / 2
    return this.#waitMs(before, free) + marginMs > patienceMs ? 'late' : undefined
  }

  /** How long somebody is going to wait: for turns, and, when there is no place, until others have left. */
  #waitMs(ahead: number, free: number): number {
    const turnsMs = ((ahead + 1) / this.#options.perTurn) * this.#turnMs
    const visitsMs = ahead < free ? 0 : ((ahead + 1) / this.places) * (this.#visitMs ?? 0)
    return Math.max(turnsMs, visitsMs)
  }

  #watch(waiter: Waiter, now: number): void {
    if (waiter.until === Infinity) return
    const onTimer = () => {
      const now = performance.now()
      // Timers are early, by a fraction of a millisecond or by what they cannot hold.
      if (now < waiter.until) this.#watch(waiter, now)
      else this.#expire(waiter, now)
    }
    waiter.timer = setTimeout(onTimer, Math.min(Math.max(0, waiter.until - now), MAX_TIMER_MS))
  }

  /** By the clock: timers are late just when it matters. Who has just come has waited for nobody yet. */
  #expireAll(now: number): void {
    for (const queue of this.#queues)
      for (const waiter of queue) {
        const endsAt = waiter.timer ? waiter.until : waiter.deadline
        if (now >= endsAt) this.#expire(waiter, now)
      }
  }

  #expire(waiter: Waiter, now: number): void {
    const elapsedMs = now - waiter.arrivedAt
    this.#refuse(waiter, now >= waiter.deadline ? tooLate(elapsedMs) : new OverloadError('waited', elapsedMs))
  }

  #refuse(waiter: Waiter, error: unknown): void {
    this.#forget(waiter)
    if (error instanceof OverloadError) this.#refusedAt = performance.now()
    waiter.refuse(error)
  }

  #forget(waiter: Waiter): void {
    this.#queues[waiter.urgency]!.delete(waiter)
    clearTimeout(waiter.timer)
    waiter.stopListening()
  }
}

const first = (queue: Set<Waiter>) => queue.values().next().value!
const tooLate = (elapsedMs: number) =>
  new TimeoutError('The deadline had passed before there was a place', { elapsedMs })
