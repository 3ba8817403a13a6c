import { errors, Pool } from 'undici'
import { type Random, seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { type Ending, Ledger } from './ledger.ts'

export interface TrafficOptions {
  /** Arrivals a second, on average; they come at random (a Poisson process), as customers do. */
  perSecond: number
  /** Requests that may wait at a time. More are not sent, so that a hanging Parcel does not eat the laptop. */
  maxInFlight: number
  /** Milliseconds after which a customer goes away. */
  patienceMs: number
  seed: number
}

const PLACES = ['Berlin', 'Dublin', 'Lisbon', 'Milan', 'Oslo', 'Vienna']

/**
 * Asks for quotes in an open loop: on schedule, whether or not the earlier ones have been answered, and the time counts
 * from when a request was due. A closed loop would wait along with a slow server, and so never see how slow it is
 * (Gil Tene: "coordinated omission").
 */
export class Traffic {
  readonly ledger = new Ledger()
  readonly #options: TrafficOptions
  readonly #random: Random
  readonly #client: Pool
  readonly #stop = new AbortController()

  constructor(origin: string, options: TrafficOptions) {
    const { maxInFlight, patienceMs, seed } = options
    this.#options = options
    this.#random = seededRandom(seed)
    this.#client = new Pool(origin, {
      connections: maxInFlight,
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
    })
  }

  /** Resolves after `stop`. */
  async run(): Promise<void> {
    const { perSecond, maxInFlight } = this.#options
    const { signal } = this.#stop
    for (let dueAt = performance.now(); ;) {
      const path = this.#draw()
      dueAt += (-Math.log(1 - this.#random()) * 1000) / perSecond
      await sleep(Math.max(0, dueAt - performance.now()), signal).catch(() => {})
      if (signal.aborted) return
      if (this.ledger.waiting < maxInFlight) void this.#ask(path).then(this.ledger.begin(dueAt))
      else this.ledger.refuse()
    }
  }

  /** Hangs up on everything that still waits. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#client.destroy()
  }

  #draw(): string {
    const pick = () => PLACES[Math.floor(this.#random() * PLACES.length)]!
    return `/quotes?from=${pick()}&to=${pick()}&grams=${1 + Math.floor(this.#random() * 5000)}`
  }

  async #ask(path: string): Promise<Ending> {
    try {
      const { statusCode, body } = await this.#client.request({ method: 'GET', path })
      const { missing = [] } = (await body.json()) as { missing?: { carrier: string; reason: string }[] }
      return {
        missing: missing.map(({ carrier, reason }) => `${carrier} ${reason}`),
        failure: statusCode === 200 ? undefined : `status ${statusCode}`,
      }
    } catch (error) {
      if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
        return { missing: [], failure: 'gave up waiting' }
      }
      const { code, name } = error as NodeJS.ErrnoException
      return { missing: [], failure: code ?? name }
    }
  }
}
