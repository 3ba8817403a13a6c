import type { CarrierStats } from './admin.ts'
import { Bookings } from './bookings.ts'
import { completeFault, type Fault } from './faults.ts'
import { Refusal } from './http.ts'
import { checkLaw, type LatencyLaw, LONG_TAIL, randomFor } from './latency.ts'
import { Replica } from './replica.ts'
import type { CarrierName } from './tariffs.ts'

export interface CarrierOptions {
  /** Default: `LONG_TAIL`. */
  latency?: LatencyLaw
  /** The share of requests, 0 to 1, that fail with 500 after their latency. Default: 0. */
  errorRate?: number
  /** Requests that a replica works on at a time before it slows down (see `underLoad`). Default: 64. */
  capacity?: number
  /** The mean time that a shipment spends in each status. Default: 1000. */
  statusMs?: number
  /** After this long without an event, a stream of events carries a comment. Default: 15,000. */
  heartbeatMs?: number
}

const DEFAULTS: Required<CarrierOptions> = {
  latency: LONG_TAIL,
  errorRate: 0,
  capacity: 64,
  statusMs: 1000,
  heartbeatMs: 15_000,
}

/** What is not a number is out of bounds too. */
function check(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw new RangeError(`${name}: expected ${min} to ${max}, got ${value}`)
}

/** Two replicas that share their bookings. */
export class Carrier {
  readonly name: CarrierName
  #seed: number
  readonly #bookings: Bookings
  readonly #replicas: Replica[]

  /** Throws a RangeError for an option out of bounds. */
  constructor(name: CarrierName, seed: number, host: string, given: CarrierOptions) {
    const options = { ...DEFAULTS, ...given }
    checkLaw(options.latency)
    check('errorRate', options.errorRate, 0, 1)
    check('capacity', options.capacity, 1, Infinity)
    check('statusMs', options.statusMs, 0, 3_600_000)
    check('heartbeatMs', options.heartbeatMs, 1, 3_600_000)
    this.name = name
    this.#seed = seed
    const bookings = new Bookings(name, options.statusMs, () => randomFor(this.#seed, `${name} bookings`))
    this.#bookings = bookings
    this.#replicas = [0, 1].map((index) => {
      const own = (purpose: string) => randomFor(this.#seed, `${name} ${index} ${purpose}`)
      return new Replica({ ...options, bookings, host, randomFor: own })
    })
  }

  get origins(): string[] {
    return this.#replicas.map((replica) => replica.stats().origin)
  }

  /** `null` is healthy; without `index` it is for all replicas. Throws refusals. */
  async setFault(given: Fault | null, index?: number): Promise<void> {
    const fault = given && completeFault(given)
    const replicas = this.#replicas.filter((_, candidate) => index === undefined || candidate === index)
    if (replicas.length === 0) throw new Refusal(404, `${this.name} has no replica ${index}; it has 0 and 1`)
    await Promise.all(replicas.map((replica) => replica.setFault(fault)))
  }

  stats(): CarrierStats {
    const replicas = this.#replicas.map((replica) => replica.stats())
    return { name: this.name, bookings: this.#bookings.count, replicas }
  }

  async reset(seed = this.#seed): Promise<void> {
    this.#seed = seed
    await Promise.all(this.#replicas.map((replica) => replica.reset()))
    this.#bookings.clear()
  }

  async close(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.close()))
  }
}
