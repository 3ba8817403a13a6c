import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { directory } from '#chapters/12-durable-writes/disk.ts'
import { lockDirectory } from '#chapters/12-durable-writes/lock.ts'
import type { Item, OutboxStats } from '#chapters/12-durable-writes/options.ts'
import { Outbox } from '#chapters/12-durable-writes/outbox.ts'
import { deadlineAfter } from '../core/deadline.ts'
import { LockedError, LogCorruptError } from '../core/errors.ts'
import type { Carrier } from './carrier.ts'
import type { Config } from './config.ts'
import { drainInTime } from './drain.ts'
import type { Metrics } from './metrics.ts'
import { type OutboxState, watchOutboxes } from './outbox-metrics.ts'
import { reasonOf } from './reasons.ts'
import type { Consignment } from './schemas.ts'

/** What is owed to a customer: that it is booked, and that the carrier knows it. */
export type Promised = { book: Consignment } | { id: string }

export interface Outboxes {
  open(): Promise<void>
  /** Resolves when it is on disk, and false when it is not: it is still the caller's. Without OUTBOX_DIR, always. */
  put(carrier: Carrier, promised: Promised, key: string): Promise<boolean>
  /** Whether there are any. */
  readonly areThere: boolean
  /** Delivers what it can in two seconds; the rest is on disk. */
  drain(): Promise<void>
}

/** For a whole delivery: booking and reading back, with all attempts at the carrier. */
const ATTEMPT_MS = 10_000
/** Whoever has the lock may be the one that we replace. */
const LOCKED_MS = 1000

/** One outbox a carrier, as what one carrier bears says nothing about the next. */
export function createOutboxes(
  carriers: Carrier[],
  { OUTBOX_DIR: base, OUTBOX_CAPACITY: capacity }: Pick<Config, 'OUTBOX_DIR' | 'OUTBOX_CAPACITY'>,
  metrics: Metrics,
  log: FastifyBaseLogger,
): Outboxes {
  if (base === null) return { areThere: false, open: async () => {}, put: async () => false, drain: async () => {} }
  const all = new Map(
    carriers.map((carrier) => [carrier, new CarrierOutbox(carrier, join(base, carrier.name), capacity, metrics, log)]),
  )
  watchOutboxes(metrics.registry, [...all.values()])
  return {
    areThere: true,
    async open() {
      await Promise.all([...all.values()].map((outbox) => outbox.open()))
    },
    put: (carrier, promised, key) => all.get(carrier)!.put(promised, key),
    async drain() {
      await Promise.all([...all.values()].map((outbox) => outbox.drain()))
    },
  }
}

class CarrierOutbox {
  readonly carrier: Carrier
  readonly #path: string
  readonly #capacity: number
  readonly #metrics: Metrics
  readonly #log: FastifyBaseLogger
  #outbox: Outbox<Promised> | undefined
  #state: OutboxState | 'closed' = 'closed'
  #unlock = () => {}
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #wasBroken = false

  constructor(carrier: Carrier, path: string, capacity: number, metrics: Metrics, log: FastifyBaseLogger) {
    this.carrier = carrier
    this.#path = path
    this.#capacity = capacity
    this.#metrics = metrics
    this.#log = log.child({ carrier: carrier.name, outbox: path })
  }

  get stats(): OutboxStats | undefined {
    return this.#outbox?.stats
  }

  get state(): OutboxState | 'closed' {
    return this.stats?.broken ? 'broken' : this.#state
  }

  /** Never rejects: whatever is wrong with it, quotes and bookings are served. */
  async open(): Promise<void> {
    try {
      this.#unlock = lockDirectory(this.#path)
      const outbox = await Outbox.open<Promised>(directory(this.#path), {
        deliver: (item, signal) => this.#deliver(item, signal),
        attemptMs: ATTEMPT_MS,
        capacity: this.#capacity,
      })
      this.#outbox = outbox
      this.#state = 'open'
      const { pending, dead } = outbox.stats
      if (outbox.torn) this.#log.warn({ torn: outbox.torn }, 'outbox: what had not been promised was cut off')
      this.#log.info({ pending, dead }, 'outbox open')
    } catch (error) {
      this.#unlock()
      const isNews = this.#state !== 'locked'
      this.#state = error instanceof LockedError ? 'locked' : error instanceof LogCorruptError ? 'corrupt' : 'broken'
      if (this.#state !== 'locked') return this.#log.error({ err: error }, `outbox ${this.#state}`)
      if (isNews) this.#log.warn('outbox locked: another process has it')
      if (!this.#isOver) this.#timer = setTimeout(() => void this.open(), LOCKED_MS).unref()
    }
  }

  async put(promised: Promised, key: string): Promise<boolean> {
    try {
      if (!this.#outbox) return false
      await this.#outbox.put(promised, key)
      this.#count('put')
      return true
    } catch (error) {
      this.#count('rejected')
      const wasBroken = this.#wasBroken
      this.#wasBroken = this.state === 'broken'
      // A full disk is told with each; a broken log once, as all that follows is the same.
      if (!wasBroken) this.#log.error({ err: error }, 'outbox: not on disk')
      return false
    }
  }

  async drain(): Promise<void> {
    this.#isOver = true
    clearTimeout(this.#timer)
    const outbox = this.#outbox
    if (!outbox) return
    const left = await drainInTime((stop) => outbox.drain(stop))
    this.#unlock()
    if (left > 0) this.#log.warn({ left }, 'outbox: on disk, for the next start')
  }

  /** Books, if that is owed, and reads back; once or twice, the carrier knows it by its key. */
  async #deliver({ key, payload }: Item<Promised>, signal: AbortSignal): Promise<void> {
    const patience = { signal, deadline: deadlineAfter(ATTEMPT_MS), priority: 'batch' } as const
    try {
      const id = 'id' in payload ? payload.id : (await this.carrier.book(payload.book, key, patience)).id
      await this.carrier.shipment(id, patience)
      this.#count('delivered')
      this.#metrics.confirmations.inc({ outcome: 'confirmed' })
      this.#log.debug({ id, key }, 'booking read back')
    } catch (error) {
      this.#count('failed')
      this.#log.debug({ key, reason: reasonOf(error) }, 'not delivered')
      throw error
    }
  }

  #count(outcome: 'put' | 'rejected' | 'delivered' | 'failed'): void {
    this.#metrics.outboxOutcomes.inc({ carrier: this.carrier.name, outcome })
  }
}
