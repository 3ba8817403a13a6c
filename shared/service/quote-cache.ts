import type { FastifyInstance } from 'fastify'
import { Counter } from 'prom-client'
import { withTimeout } from '#chapters/01-timeouts/timeout.ts'
import { type Answer, StaleCache } from '#chapters/09-graceful-degradation/cache.ts'
import { keyOf, normalise } from '#chapters/09-graceful-degradation/key.ts'
import type { Level } from '#chapters/09-graceful-degradation/levels.ts'
import { msUntil } from '../core/deadline.ts'
import type { Carrier } from './carrier.ts'
import type { Config } from './config.ts'
import { gaugesIn, type Metrics } from './metrics.ts'
import { reasonOf } from './reasons.ts'
import type { Patience } from './replica.ts'
import type { Consignment, Offer } from './schemas.ts'

/** What it costs at a carrier, as of when. */
export type Price = Answer<Offer>

/** Of a quote's time, for a call that nobody's own deadline ends; the rest is for the answer. */
const FLIGHT_SHARE = 0.9
/** In durations of a call: about the length of one before its time, a price is refreshed (09, step 8). */
const EARLINESS = 1

export type QuoteCacheConfig = Pick<
  Config,
  | 'QUOTE_DEADLINE_MS'
  | 'QUOTE_FRESH_MS'
  | 'QUOTE_PATIENCE_MS'
  | 'QUOTE_SLOW_MS'
  | 'QUOTE_ERROR_MS'
  | 'QUOTE_CACHE_ENTRIES'
  | 'QUOTE_CACHE_BYTES'
  | 'REDIS_WAIT_MS'
>

/** A carrier's considered no: there is no such place. Who asks for less has not said no. */
const isRefusal = (error: unknown): boolean => /^status-4(?!29|08)/.test(reasonOf(error))

/**
 * The cache of chapter 09 around each carrier's quote: outside its hedges, retries, line and breakers, so that a price that is
 * kept costs none of them, and a crowd costs one set. Never around a booking, which asks anew.
 */
export class QuoteCache {
  readonly #cache: StaleCache<Offer> | undefined
  readonly #answers: Counter
  readonly freshMs: number

  constructor(
    config: QuoteCacheConfig,
    { registry }: Pick<Metrics, 'registry'>,
    { log, tally }: Pick<FastifyInstance, 'log' | 'tally'>,
    second?: Level<Offer>,
  ) {
    this.freshMs = config.QUOTE_FRESH_MS
    this.#answers = new Counter({
      name: 'parcel_quote_cache_total',
      help: 'Prices, by how they were come by: hit, miss, shared (another request’s call), stale (one that failed or was slow), failed',
      labelNames: ['carrier', 'how'],
      registers: [registry],
    })
    // Nothing old is ever wanted, so there is nothing to keep, nor to share.
    if (config.QUOTE_ERROR_MS === 0) return
    const cache = new StaleCache<Offer>({
      freshMs: config.QUOTE_FRESH_MS,
      patienceMs: config.QUOTE_PATIENCE_MS,
      slowMs: config.QUOTE_SLOW_MS,
      errorMs: config.QUOTE_ERROR_MS,
      limitMs: FLIGHT_SHARE * config.QUOTE_DEADLINE_MS,
      maxEntries: config.QUOTE_CACHE_ENTRIES,
      maxBytes: config.QUOTE_CACHE_BYTES,
      isRefusal,
      // For as long as any other answer.
      refusalMs: config.QUOTE_FRESH_MS,
      earliness: EARLINESS,
      ...(second && { second, secondMs: config.REDIS_WAIT_MS }),
      onSecondFailure: (error) =>
        tally(log, { reason: nameOf(error) }, 'Redis keeps no prices: each instance has only its own'),
    })
    this.#cache = cache
    const gauge = gaugesIn(registry)
    gauge('parcel_quote_cache_entries', 'Prices kept in this process', () => cache.entries)
    gauge('parcel_quote_cache_bytes', 'Bytes that they are counted for', () => cache.bytes)
  }

  /** Whether there is one: without it, there is nothing to tell of it. */
  get isOn(): boolean {
    return this.#cache !== undefined
  }

  /** @throws CarrierError when there is neither an answer nor an old one, and the reason of the signal when that aborts */
  async quote(carrier: Carrier, consignment: Consignment, patience: Patience): Promise<Price> {
    try {
      const price = await this.#price(carrier, consignment, patience)
      this.#answers.inc({ carrier: carrier.name, how: price.how })
      return price
    } catch (error) {
      this.#answers.inc({ carrier: carrier.name, how: 'failed' })
      throw error
    }
  }

  async #price(carrier: Carrier, consignment: Consignment, patience: Patience): Promise<Price> {
    const cache = this.#cache
    if (!cache) {
      const begunAt = performance.now()
      const value = await carrier.quote(consignment, patience)
      return { value, how: 'miss', ageMs: performance.now() - begunAt }
    }
    const question = normalise(consignment)
    // The call has its own deadline: that of one caller would cut off the others. His, that of his signal and of nothing else.
    // A call for what can wait goes by sockets of its own (10): nobody else is to wait with it.
    const whose = patience.priority === 'batch' ? `${carrier.name} batch` : carrier.name
    const get = (signal: AbortSignal) =>
      cache.get(
        keyOf(whose, question),
        (signal, deadline) => carrier.quote(question, { ...patience, signal, deadline }),
        signal,
      )
    const { signal, deadline } = patience
    // What is written first gives a limit of Infinity to a timer, which takes it for 1.
    return deadline === Infinity ? get(signal) : withTimeout(get, Math.max(0, msUntil(deadline)), { signal })
  }
}

/** Few values: what is told by its message is told anew with each. */
const nameOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).name
