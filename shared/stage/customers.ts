import { type Dispatcher, errors, Pool } from 'undici'
import { sleep } from '../core/sleep.ts'
import { type Ending, Ledger } from './ledger.ts'

/** After which a customer goes away. */
const PATIENCE_MS = 10_000
/** At a time: a hanging Parcel must not eat the laptop. */
const MAX_WAITING = 500

/** Of somebody who goes away when there is no answer in time, and asks again: when a refusal has said to, or else soon. */
export interface Insists {
  patienceMs: number
  attempts: number
  /** Between two attempts, unless a refusal has said. Default: 0. */
  pauseMs?: number
}

export interface Asking {
  /** Of the API, if they have one. */
  key?: string
  /** Default: they ask once, and are as patient as all are. */
  insists?: Insists
}

/** The customers of one side, each of whom comes when told to, whether or not the others were answered. */
export class Customers {
  readonly ledger = new Ledger()
  readonly #maxWaiting: number
  readonly #client: Pool
  readonly #gone = new AbortController()
  #asking = 0

  constructor(origin: string, { maxWaiting = MAX_WAITING, patienceMs = PATIENCE_MS } = {}) {
    this.#maxWaiting = maxWaiting
    this.#client = new Pool(origin, { headersTimeout: patienceMs, bodyTimeout: patienceMs })
  }

  /**
   * @param dueAt when the customer should have asked, on the clock of `performance.now()`: their time counts from then
   */
  arrive(path: string, dueAt: number, { key, insists }: Asking = {}): void {
    const headers = key === undefined ? {} : { 'x-api-key': key }
    this.#come(dueAt, { method: 'GET', path, headers }, insists)
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
    this.#come(dueAt, { method: 'POST', path: '/shipments', headers, body })
  }

  #come(dueAt: number, request: Dispatcher.RequestOptions, insists?: Insists): void {
    void this.#insist(request, insists).then(this.ledger.begin(dueAt))
  }

  /** Hangs up on everything that still waits. */
  async leave(): Promise<void> {
    this.#gone.abort()
    await this.#client.destroy()
  }

  async #insist(
    request: Dispatcher.RequestOptions,
    { patienceMs, attempts = 1, pauseMs = 0 }: Partial<Insists> = {},
  ): Promise<Ending> {
    for (let attempt = 1; ; attempt++) {
      const signal = patienceMs === undefined ? undefined : AbortSignal.timeout(patienceMs)
      const { retryAfterS, ...ending } = await this.#ask({ ...request, signal })
      if (!ending.failure || attempt >= attempts || this.#gone.signal.aborted) return ending
      await sleep(retryAfterS * 1000 || pauseMs, this.#gone.signal).catch(() => {})
    }
  }

  async #ask(request: Dispatcher.RequestOptions): Promise<Ending & { retryAfterS: number }> {
    const failed = (failure: string) => ({ missing: [], failure, retryAfterS: 0 })
    if (this.#asking >= this.#maxWaiting) return failed(`not sent, as ${this.#maxWaiting} wait`)
    this.#asking++
    try {
      const { statusCode, headers, body } = await this.#client.request(request)
      const text = await body.text()
      const isJson = /json/.test(String(headers['content-type']))
      const { missing = [] } = isJson ? (JSON.parse(text) as Pick<Ending, 'missing'>) : {}
      const retryAfterS = Number(headers['retry-after'] ?? 0)
      return { missing, failure: statusCode < 300 ? undefined : `status ${statusCode}`, retryAfterS }
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException
      const isLate = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError
      return failed(isLate || name === 'TimeoutError' ? 'gave up waiting' : (code ?? name))
    } finally {
      this.#asking--
    }
  }
}
