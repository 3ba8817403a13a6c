import type { Readable } from 'node:stream'
import type { Validator } from 'typebox/compile'
import { call, type Call, type Reply } from '#chapters/01-timeouts/client.ts'
import { withTimeout } from '#chapters/01-timeouts/timeout.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { RateLimiter } from '#chapters/07-rate-limiting/limiter.ts'
import { ResponseError } from '../core/errors.ts'
import type { BreakerNews, PoolName } from './carrier-metrics.ts'
import type { CarrierConfig } from './config.ts'
import type { Metrics } from './metrics.ts'
import { BadAnswerError } from './reasons.ts'
import { type Booked, booked, type Consignment, type Offer, offer, type Tracked, tracked } from './schemas.ts'
import type { Patience } from './replica.ts'
import { type Exchange, Upstream, type UpstreamLimits } from './upstream.ts'

export interface CarrierLimits extends UpstreamLimits {
  /** Streams of events at a time, at most. */
  streams: number
  /** By carrier, the calls that it takes in a second. Default: as many as there are. */
  rates?: Readonly<Record<string, number>>
}

/** What ten milliseconds bring: more at once may be more than it takes; less is lost to timers, which know no fractions. */
const burstOf = (perSecond: number) => Math.max(1, Math.floor(perSecond / 100))

/** What a carrier can be asked. Every method throws a CarrierError with the reason. */
export class Carrier {
  readonly name: string
  readonly #calls: Upstream
  /** Apart from the calls: streams hold a socket for hours, and their trouble is not that of quotes and bookings. */
  readonly #streams: Upstream
  readonly #callMs: number
  readonly #quoting = new LiveLatency({ percentile: 90 })
  readonly #tracking = new LiveLatency({ percentile: 90 })

  constructor(
    config: CarrierConfig,
    limits: CarrierLimits,
    metrics: Metrics,
    onBreakerChange: (news: BreakerNews) => void = () => {},
  ) {
    this.name = config.name
    const perSecond = limits.rates?.[this.name]
    if (perSecond !== undefined) {
      // One, as the carrier has one for all that comes from us.
      const line = new RateLimiter({ name: this.name, perSecond, burst: burstOf(perSecond) })
      limits = { ...limits, line }
      metrics.watchLine({ carrier: this.name, waiting: () => line.waiting })
    }
    const upstream = (pool: PoolName, limits: UpstreamLimits) =>
      new Upstream(config, limits, metrics, (news) => onBreakerChange({ ...news, carrier: this.name, pool }))
    this.#calls = upstream('calls', limits)
    // As many sockets as there may be streams, so that none waits for one. A stream may be long and silent: for undici,
    // 0 and -1 are "no limit".
    const { routes: _, ...others } = limits
    this.#streams = upstream('streams', { ...others, connections: limits.streams, bodyMs: 0, maxBytes: -1 })
    this.#callMs = limits.callMs
    for (const [pool, { replicas }] of [
      ['calls', this.#calls],
      ['streams', this.#streams],
    ] as const) {
      for (const [number, replica] of replicas.entries()) {
        const which = { carrier: this.name, replica: number, pool }
        metrics.watchBreaker({ ...which, breaker: replica.breaker })
        metrics.watchPool({ ...which, stats: () => replica.sockets })
      }
    }
    metrics.watchRetryBudget({ carrier: this.name, balance: () => this.#calls.retries.balance })
  }

  quote({ from, to, grams }: Consignment, patience: Patience): Promise<Offer> {
    const query = `from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}&grams=${grams}`
    return this.#calls.send(this.#json({ path: `/quotes?${query}` }, offer), patience, { hedgedBy: this.#quoting })
  }

  /** The key makes a retry safe: the carrier books once per key, whichever replica is asked, and however often. */
  book(consignment: Consignment, idempotencyKey: string, patience: Patience): Promise<Booked> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey }
    const request = { method: 'POST', path: '/bookings', headers, body: JSON.stringify(consignment) } as const
    const exchange = this.#json(request, booked)
    const book: Exchange<Booked> = async (client, patience) => {
      const answer = await exchange(client, patience)
      if (!(answer instanceof ResponseError && answer.status === 404)) return answer
      // Nothing was asked for that might not exist.
      throw new BadAnswerError('The carrier does not know where to book', { cause: answer })
    }
    return this.#calls.send(book, patience, { method: 'POST', idempotencyKey })
  }

  shipment(id: string, patience: Patience): Promise<Tracked> {
    return this.#calls.send(this.#json({ path: pathOf(id) }, tracked), patience, { hedgedBy: this.#tracking })
  }

  /** Server-sent events as the carrier sends them. Only their beginning has a limit; the caller destroys the stream. */
  events(id: string, headers: Record<string, string>, patience: Patience): Promise<Readable> {
    const open: Exchange<Readable> = async (client, { signal, deadline, headers: told }) => {
      const request = (signal: AbortSignal) =>
        client.request({ method: 'GET', path: `${pathOf(id)}/events`, headers: { ...told, ...headers }, signal })
      const response = await withTimeout(request, this.#callMs, { signal, deadline })
      if (response.statusCode === 200) return response.body
      await response.body.dump()
      return refusal({ status: response.statusCode, headers: response.headers })
    }
    return this.#streams.send(open, patience)
  }

  /** Opens sockets before somebody needs them. Resolves after `timeoutMs` at most, and never rejects. */
  prewarm(timeoutMs: number): Promise<void> {
    return this.#calls.prewarm(timeoutMs)
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.close(), this.#streams.close()])
  }

  /** A call whose answer must be JSON of the agreed shape. */
  #json<T>(request: Omit<Call, 'timeoutMs'>, shape: Validator<{}, any, T, T>): Exchange<T> {
    return async (client, { signal, deadline, headers }) => {
      const reply = await call(client, {
        ...request,
        signal,
        deadline,
        headers: { ...headers, ...request.headers },
        timeoutMs: this.#callMs,
      })
      return reply.status < 300 ? parse(reply.body, shape) : refusal(reply)
    }
  }
}

const pathOf = (id: string) => `/shipments/${encodeURIComponent(id)}`

/** Throws what another attempt may mend (RFC 6585's 429 and the 5xx), returns what it cannot. */
function refusal({ status, headers }: Omit<Reply, 'body'>): ResponseError {
  const error = new ResponseError(`The carrier answered ${status}`, status, headers)
  if (status === 429 || status >= 500) throw error
  return error
}

function parse<T>(body: string, shape: Validator<{}, any, T, T>): T {
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch (cause) {
    throw new BadAnswerError('The carrier’s answer is not JSON', { cause })
  }
  if (shape.Check(answer)) return answer
  const [error] = shape.Errors(answer)
  throw new BadAnswerError(`The carrier’s answer is not what was agreed: ${error?.instancePath} ${error?.message}`)
}
