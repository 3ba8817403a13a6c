import { Pool } from 'undici'
import { ORDERED_FROM } from './incidents/incidents.ts'
import { evenly, openLoop } from './open-loop.ts'

const PARCEL = { from: 'Lisbon', to: 'Oslo', grams: 1200 }

/** Handed in at once, in a heap; of which so many are promised when it is called half done. */
const HEAP = { orders: 150, half: 50 }
const OVERDUE_MS = 1000
/** At a carrier, which slows down beyond twice as many. */
const CONNECTIONS = 32

/**
 * A shop that hands in orders, and is content with a 202 for each (`Prefer: respond-async`, RFC 7240): it keeps no list, as Parcel has
 * promised to. Who is refused books elsewhere. No figure of the customers' has them in it.
 */
export class Orders {
  readonly #client: Pool
  /** Keys of those that were promised. */
  #promised: string[] = []
  #count = 0
  #episode = new AbortController()

  constructor(origin: string) {
    this.#client = new Pool(origin)
  }

  /** How many were answered by a 202. */
  get promised(): number {
    return this.#promised.length
  }

  /** What was promised so far is no longer asked after. */
  forget(): void {
    this.#promised = []
  }

  go(perSecond: number): void {
    this.stop()
    this.#episode = new AbortController()
    const { signal } = this.#episode
    void openLoop({ gap: evenly(perSecond), overdueMs: OVERDUE_MS, signal }, () => this.#order())
  }

  stop(): void {
    this.#episode.abort()
  }

  async leave(): Promise<void> {
    this.stop()
    await this.#client.destroy()
  }

  /**
   * Hands in a heap at once. Resolves in the middle of it, or when none is left, or `isWorse` says that this is the moment; with false
   * when it was stopped meanwhile.
   */
  async heap(isWorse: () => boolean): Promise<boolean> {
    const { signal } = this.#episode
    const answers: boolean[] = []
    for (let i = 0; i < HEAP.orders; i++) void this.#order().then((isPromised) => answers.push(isPromised))
    const isHalfDone = () => answers.length === HEAP.orders || answers.filter(Boolean).length >= HEAP.half
    // Not a timer, which knows no less than a millisecond.
    while (!signal.aborted && !isHalfDone() && !isWorse()) await new Promise((resolve) => setImmediate(resolve))
    return !signal.aborted
  }

  /**
   * Of those that were promised, how many the carrier has never heard of. Each is booked there once more, under its key: where that is a
   * new booking, there was none.
   *
   * @param carrier the origin of one of its replicas
   */
  async lost(carrier: string): Promise<number> {
    const client = new Pool(carrier, { connections: CONNECTIONS })
    try {
      const statuses = this.#promised.map((key) => post(client, '/bookings', { 'idempotency-key': key }, PARCEL))
      return (await Promise.all(statuses)).filter((status) => status === 201).length
    } finally {
      await client.destroy()
    }
  }

  /** @returns whether it was promised */
  async #order(): Promise<boolean> {
    const key = `promise-${this.#count++}`
    const headers = { 'idempotency-key': key, prefer: 'respond-async' }
    // Parcel has gone, or they have: nobody has promised anything.
    const status = await post(this.#client, '/shipments', headers, { ...PARCEL, carrier: ORDERED_FROM }).catch(() => 0)
    if (status === 202) this.#promised.push(key)
    return status === 202
  }
}

async function post(client: Pool, path: string, headers: Record<string, string>, what: object): Promise<number> {
  const { statusCode, body } = await client.request({
    method: 'POST',
    path,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(what),
  })
  await body.dump()
  return statusCode
}
