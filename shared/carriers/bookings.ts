import type { Random } from '../core/random.ts'
import { Refusal } from './http.ts'
import { type CarrierName, type Parcel, type Quote, quote } from './tariffs.ts'

export interface Booking extends Parcel, Quote {
  id: string
}

export interface Shipment {
  booking: Booking
  /** When each status begins or began, on the clock of `performance.now()`; one entry for each of `STATUSES`. */
  statusAt: readonly number[]
}

/** What becomes of a parcel, in order. */
export const STATUSES = ['booked', 'collected', 'in-transit', 'out-for-delivery', 'delivered'] as const

/** A carrier's book, shared by its replicas. */
export class Bookings {
  readonly carrier: CarrierName
  readonly #statusMs: number
  readonly #freshRandom: () => Random
  #random: Random
  readonly #byId = new Map<string, Shipment>()
  readonly #byKey = new Map<string, Booking>()

  /** A shipment spends 0.5 to 1.5 times `statusMs` in each status. */
  constructor(carrier: CarrierName, statusMs: number, freshRandom: () => Random) {
    this.carrier = carrier
    this.#statusMs = statusMs
    this.#freshRandom = freshRandom
    this.#random = freshRandom()
  }

  get count(): number {
    return this.#byId.size
  }

  find(id: string): Shipment {
    const shipment = this.#byId.get(id)
    if (!shipment) throw new Refusal(404, `${this.carrier} has no shipment '${id}'`)
    return shipment
  }

  /** Books once per key. Looking up and keeping is one step, so two calls with one key at a time cannot both book. */
  book(parcel: Parcel, key: string | undefined): { booking: Booking; isNew: boolean } {
    const known = key === undefined ? undefined : this.#byKey.get(key)
    if (known) {
      const { from, to, grams } = known
      if (from === parcel.from && to === parcel.to && grams === parcel.grams) return { booking: known, isNew: false }
      throw new Refusal(422, 'this Idempotency-Key was used for another parcel; take a new key for a new booking')
    }
    const booking = { id: String(this.count + 1), ...quote(this.carrier, parcel), ...parcel }
    this.#byId.set(booking.id, { booking, statusAt: this.#schedule() })
    if (key !== undefined) this.#byKey.set(key, booking)
    return { booking, isNew: true }
  }

  clear(): void {
    this.#byId.clear()
    this.#byKey.clear()
    this.#random = this.#freshRandom()
  }

  #schedule(): number[] {
    let at = performance.now()
    return STATUSES.map((_, index) => (at += index === 0 ? 0 : this.#statusMs * (0.5 + this.#random())))
  }
}
