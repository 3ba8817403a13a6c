import { errors, Pool } from 'undici'
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
    const isFull = this.ledger.waiting >= this.#maxWaiting
    const end = this.ledger.begin(dueAt)
    if (isFull) end({ missing: [], failure: `not sent, as ${this.#maxWaiting} wait` })
    else void this.#ask(path, key).then(end)
  }

  /** Hangs up on everything that still waits. */
  async leave(): Promise<void> {
    await this.#client.destroy()
  }

  async #ask(path: string, key?: string): Promise<Ending> {
    try {
      const { statusCode, headers, body } = await this.#client.request({
        method: 'GET',
        path,
        headers: key === undefined ? {} : { 'x-api-key': key },
      })
      const text = await body.text()
      const isJson = /json/.test(String(headers['content-type']))
      const { missing = [] } = isJson ? (JSON.parse(text) as Pick<Ending, 'missing'>) : {}
      return { missing, failure: statusCode === 200 ? undefined : `status ${statusCode}` }
    } catch (error) {
      const isLate = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError
      const { code, name } = error as NodeJS.ErrnoException
      return { missing: [], failure: isLate ? 'gave up waiting' : (code ?? name) }
    }
  }
}
