import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import packageJson from '../../package.json' with { type: 'json' }
import { BUCKETS, createCarrierMetrics } from './carrier-metrics.ts'

export type { AttemptKind } from './carrier-metrics.ts'
export type Metrics = ReturnType<typeof createMetrics>

/** Gauges of what is asked when somebody collects, and so is right also for what has never changed. */
export const gaugesIn =
  (registry: Registry) =>
  (name: string, help: string, value: () => number): void =>
    void new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })

/** Each server has its registry: the global one would mix two servers in a process, and every test with the next. */
export function createMetrics(registry = new Registry()) {
  const registers = [registry]
  // So that a graph shows the deploy from which on it went wrong.
  new Gauge({
    name: 'parcel_build_info',
    help: 'Always 1; what runs is in the labels',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: packageJson.version, node: process.version }, 1)
  return {
    registry,
    ...createCarrierMetrics(registry),
    streams: new Gauge({
      name: 'parcel_event_streams',
      help: 'Streams of events that are open, or about to be',
      registers,
    }),
    requests: new Histogram({
      name: 'parcel_request_seconds',
      help: 'Time from the request’s headers to the end of the answer; status "aborted" when the caller went away first',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers,
    }),
    watchClients: (count: () => number) =>
      gaugesIn(registry)(
        'parcel_clients',
        'Clients that have a limit of their own in this process, as they have asked a short while ago',
        count,
      ),
    // Not by client: there would be a series for each.
    limitDecisions: new Counter({
      name: 'parcel_limit_decisions_total',
      help: 'Requests that were let in, or not, for what their client has asked before; by whom: process or redis',
      labelNames: ['by', 'allowed'],
      registers,
    }),
    outboxOutcomes: new Counter({
      name: 'parcel_outbox_total',
      help: 'What was put into the outbox of a carrier, or rejected as it is full or the disk refuses; deliveries, and those that failed',
      labelNames: ['carrier', 'outcome'],
      registers,
    }),
    confirmations: new Counter({
      name: 'parcel_confirmations_total',
      help: 'Bookings read back from their carrier: confirmed, failed, or dropped because too many were waiting',
      labelNames: ['outcome'],
      registers,
    }),
  }
}
