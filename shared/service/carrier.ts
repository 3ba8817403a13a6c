import type { Readable } from 'node:stream'
import type { Validator } from 'typebox/compile'
import { call, type Call, type Reply } from '#chapters/01-timeouts/client.ts'
import { withTimeout } from '#chapters/01-timeouts/timeout.ts'
import { ResponseError } from '../core/errors.ts'
import type { BreakerNews } from './carrier-metrics.ts'
import type { CarrierConfig } from './config.ts'
import type { Metrics } from './metrics.ts'
import { BadAnswerError } from './reasons.ts'
import { type Booked, booked, type Consignment, type Offer, offer, type Tracked, tracked } from './schemas.ts'
import { type Exchange, type Patience, Upstream, type UpstreamLimits } from './upstream.ts'

/** What a carrier can be asked. Every method throws a CarrierError with the reason. */
export class Carrier {
  readonly name: string
  readonly #upstream: Upstream
  readonly #callMs: number

  constructor(
    config: CarrierConfig,
    limits: UpstreamLimits,
    metrics: Metrics,
    onBreakerChange?: (news: BreakerNews) => void,
  ) {
    this.name = config.name
    this.#upstream = new Upstream(config, limits, metrics, onBreakerChange)
    this.#callMs = limits.callMs
  }

  quote({ from, to, grams }: Consignment, patience: Patience): Promise<Offer> {
    const query = new URLSearchParams({ from, to, grams: String(grams) })
    return this.#upstream.send(this.#json({ path: `/quotes?${query}` }, offer), patience, { hedged: true })
  }

  /** The key makes a retry safe: the carrier books once per key, whichever replica is asked, and however often. */
  book(consignment: Consignment, idempotencyKey: string, patience: Patience): Promise<Booked> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey }
    const request = { method: 'POST', path: '/bookings', headers, body: JSON.stringify(consignment) } as const
    return this.#upstream.send(this.#json(request, booked), patience, { method: 'POST', idempotencyKey })
  }

  shipment(id: string, patience: Patience): Promise<Tracked> {
    return this.#upstream.send(this.#json({ path: pathOf(id) }, tracked), patience, { hedged: true })
  }

  /** Server-sent events as the carrier sends them. Only their beginning has a limit; the caller destroys the stream. */
  events(id: string, headers: Record<string, string>, patience: Patience): Promise<Readable> {
    const open: Exchange<Readable> = async ({ streams }, { signal, deadline, headers: told }) => {
      const request = (signal: AbortSignal) =>
        streams.request({ method: 'GET', path: `${pathOf(id)}/events`, headers: { ...told, ...headers }, signal })
      const response = await withTimeout(request, this.#callMs, { signal, deadline })
      if (response.statusCode === 200) return response.body
      await response.body.dump()
      return refusal({ status: response.statusCode, headers: response.headers })
    }
    return this.#upstream.send(open, patience)
  }

  close(): Promise<void> {
    return this.#upstream.close()
  }

  /** A call whose answer must be JSON of the agreed shape. */
  #json<T>(request: Omit<Call, 'timeoutMs'>, shape: Validator<{}, any, T, T>): Exchange<T> {
    return async ({ client }, { signal, deadline, headers }) => {
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
