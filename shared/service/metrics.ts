import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Seconds; finest where Parcel's limits are, because a quantile cannot be sharper than its bucket. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10]

export type Metrics = ReturnType<typeof createMetrics>

/** Each server has its registry: the global one would mix two servers in a process, and every test with the next. */
export function createMetrics(registry = new Registry()) {
  const registers = [registry]
  return {
    registry,
    requests: new Histogram({
      name: 'parcel_request_seconds',
      help: 'Time from the request’s headers to the end of the answer; status "aborted" when the caller went away first',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers,
    }),
    attempts: new Counter({
      name: 'parcel_carrier_attempts_total',
      help: 'HTTP requests to a carrier, retries and hedges included',
      labelNames: ['carrier'],
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
