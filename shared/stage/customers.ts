import { type Dispatcher, errors, Pool } from 'undici'
import { type Ending, Ledger } from './ledger.ts'

/** After which a customer goes away. */
const PATIENCE_MS = 10_000
/** At a time: a hanging Parcel must not eat the laptop. */
const MAX_WAITING = 500

/** The customers of one side, each of whom asks once, when told to, whether or not the others were answered. */
export class Customers {
  readonly ledger = new Ledger()
  readonly #maxWaiting: number
  readonly #client: Pool

  constructor(origin: string, { maxWaiting = MAX_WAITING, patienceMs = PATIENCE_MS } = {}) {
    this.#maxWaiting = maxWaiting
    this.#client = new Pool(origin, { headersTimeout: patienceMs, bodyTimeout: patienceMs })
  }

  /**
   * @param dueAt when the customer should have asked, on the clock of `performance.now()`: their time counts from then
   * @param key of the API, if they have one
   */
  arrive(path: string, dueAt: number, key?: string): void {
    this.#begin(dueAt, () => this.#ask({ method: 'GET', path, headers: key === undefined ? {} : { 'x-api-key': key } }))
  }

  /**
   * As `arrive`, for somebody who books what others only ask about.
   *
   * @param key of the booking, of which there is one
   */
  book(path: string, dueAt: number, carrier: string, key: string): void {
    const { from, to, grams } = Object.fromEntries(new URL(path, 'http://parcel').searchParams)
    const headers = { 'content-type': 'application/json', 'idempotency-key': key }
    const body = JSON.stringify({ carrier, from, to, grams: Number(grams) })
    this.#begin(dueAt, () => this.#ask({ method: 'POST', path: '/shipments', headers, body }))
  }

  #begin(dueAt: number, ask: () => Promise<Ending>): void {
    const isFull = this.ledger.waiting >= this.#maxWaiting
    const end = this.ledger.begin(dueAt)
    if (isFull) end({ missing: [], failure: `not sent, as ${this.#maxWaiting} wait` })
    else void ask().then(end)
  }

  /** Hangs up on everything that still waits. */
  async leave(): Promise<void> {
    await this.#client.destroy()
  }

  async #ask(request: Dispatcher.RequestOptions): Promise<Ending> {
    try {
      const { statusCode, headers, body } = await this.#client.request(request)
      const text = await body.text()
      const isJson = /json/.test(String(headers['content-type']))
      const { missing = [] } = isJson ? (JSON.parse(text) as Pick<Ending, 'missing'>) : {}
      return { missing, failure: statusCode < 300 ? undefined : `status ${statusCode}` }
    } catch (error) {
      const isLate = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError
      const { code, name } = error as NodeJS.ErrnoException
      return { missing: [], failure: isLate ? 'gave up waiting' : (code ?? name) }
    }
  }
}
