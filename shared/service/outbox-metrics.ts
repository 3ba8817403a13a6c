import { Gauge, type Registry } from 'prom-client'
import type { OutboxStats } from '#chapters/12-durable-writes/options.ts'

/** What an outbox can be in; one-hot, as a state is not a quantity that one could average. */
export const OUTBOX_STATES = ['open', 'broken', 'corrupt', 'locked'] as const
export type OutboxState = (typeof OUTBOX_STATES)[number]

interface Watched {
  carrier: { readonly name: string }
  readonly state: OutboxState | 'closed'
  readonly stats: OutboxStats | undefined
}

/** What is asked when somebody collects. */
export function watchOutboxes(registry: Registry, outboxes: readonly Watched[]): void {
  const gauge = (name: string, help: string, value: (stats: OutboxStats) => number) =>
    new Gauge({
      name: `parcel_outbox_${name}`,
      help,
      labelNames: ['carrier'],
      registers: [registry],
      collect() {
        for (const { carrier, stats } of outboxes) this.set({ carrier: carrier.name }, stats ? value(stats) : 0)
      },
    })
  gauge('pending', 'Deliveries that are owed', ({ pending }) => pending)
  gauge('oldest_seconds', 'Age of the oldest of them', ({ oldestMs }) => oldestMs / 1000)
  gauge('window', 'Deliveries that may be under way at a time', ({ window }) => window)
  gauge('dead', 'Deliveries that were refused, or failed while others did not', ({ dead }) => dead)
  gauge('bytes', 'Bytes on disk', ({ bytes }) => bytes)
  void new Gauge({
    name: 'parcel_outbox_state',
    help: '1 for the state that the outbox of a carrier is in, 0 for the others',
    labelNames: ['carrier', 'state'],
    registers: [registry],
    collect() {
      for (const { carrier, state: now } of outboxes)
        for (const state of OUTBOX_STATES) this.set({ carrier: carrier.name, state }, state === now ? 1 : 0)
    },
  })
}
