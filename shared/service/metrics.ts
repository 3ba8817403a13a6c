import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Seconds; finest where Parcel's limits are, because a quantile cannot be sharper than its bucket. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10]

/** What a breaker can be in; one-hot, as a state is not a quantity that one could average. */
export const BREAKER_STATES = ['closed', 'open', 'half-open'] as const

/** Why a request went out: the first of its call, again after a failure, or beside one that is late. */
export type AttemptKind = 'first' | 'retry' | 'hedge'

/** A replica's breaker, seen from outside. */
interface Watched {
  carrier: string
  replica: number
  breaker: { readonly state: { readonly status: string } }
}

export type Metrics = ReturnType<typeof createMetrics>

/** Each server has its registry: the global one would mix two servers in a process, and every test with the next. */
export function createMetrics(registry = new Registry()) {
  const registers = [registry]
  const watched: Watched[] = []
  const breakers = new Gauge({
    name: 'parcel_carrier_breaker_state',
    help: '1 for the state that the breaker of a carrier’s replica is in, 0 for the others',
    labelNames: ['carrier', 'replica', 'state'],
    registers,
    // Asked, not told: so it needs no listener, and is right for a breaker that has never changed.
    collect() {
      for (const { carrier, replica, breaker } of watched) {
        const status = statusOf(breaker)
        for (const state of BREAKER_STATES) this.set({ carrier, replica, state }, state === status ? 1 : 0)
      }
    },
  })
  return {
    registry,
    breakers,
    watchBreaker: (breaker: Watched) => void watched.push(breaker),
    requests: new Histogram({
      name: 'parcel_request_seconds',
      help: 'Time from the request’s headers to the end of the answer; status "aborted" when the caller went away first',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers,
    }),
    attempts: new Counter({
      name: 'parcel_carrier_attempts_total',
      help: 'HTTP requests to a carrier: the first of a call, its retries, and its hedges (with theirs)',
      labelNames: ['carrier', 'kind'],
      registers,
    }),
    outcomes: new Counter({
      name: 'parcel_carrier_outcomes_total',
      help: 'How asking a carrier ended after all attempts: ok, or the reason as in `missing`',
      labelNames: ['carrier', 'outcome'],
      registers,
    }),
    inFlight: new Gauge({
      name: 'parcel_carrier_in_flight',
      help: 'HTTP requests to a carrier that wait for its answer',
      labelNames: ['carrier'],
      registers,
    }),
    confirmations: new Counter({
      name: 'parcel_confirmations_total',
      help: 'Bookings read back from their carrier: confirmed, failed, or refused because too many were waiting',
      labelNames: ['outcome'],
      registers,
    }),
  }
}

/** A breaker that throws when asked (somebody is writing it) must not take the other metrics along. */
function statusOf(breaker: Watched['breaker']): string | undefined {
  try {
    return breaker.state.status
  } catch {
    return undefined
  }
}

/** Observes each request when it is over, however it ended. */
export function measureRequests(app: FastifyInstance, { requests }: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    const stop = requests.startTimer({
      method: request.method,
      // The pattern and not the address: a label for every shipment would fill the memory of whoever collects them.
      route: request.routeOptions.url ?? 'none',
    })
    reply.raw.once('close', () => stop({ status: reply.raw.writableFinished ? reply.raw.statusCode : 'aborted' }))
  })
}
