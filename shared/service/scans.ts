import type { FastifyBaseLogger } from 'fastify'
import { Counter, Histogram } from 'prom-client'
import { withTimeout } from '#chapters/01-timeouts/timeout.ts'
import { retry } from '#chapters/03-retry/retry.ts'
import { Batcher } from '#chapters/11-batching/batcher.ts'
import { Channel } from '#chapters/11-batching/channel.ts'
import { RetryError, TimeoutError } from '../core/errors.ts'
import type { Config } from './config.ts'
import { drainInTime } from './drain.ts'
import { gaugesIn, type Metrics } from './metrics.ts'
import type { Outcome, Scan } from './scan.ts'
import type { ScanStore } from './scan-store.ts'
import { createTally } from './tally.ts'

export interface Scans {
  /**
   * Writes it with others.
   *
   * @throws what the store says of this scan, or of all of its batch
   */
  add(scan: Scan, signal: AbortSignal): Promise<Outcome>
  of(shipment: string): Promise<Scan[]>
  /** Those of a shipment that this process writes from now on, until it is closed. */
  follow(shipment: string): Followed
  /** Writes what waits, for two seconds; the rest is told to those who have sent it, and stands in the log as a number. */
  drain(): Promise<void>
}

export interface Followed extends AsyncIterable<Scan, undefined> {
  close(): void
}

/** Whoever follows has more to read than may wait, and is cut off. */
export class SlowReaderError extends Error {}

/** For a batch, after which somebody else is asked or nobody. */
const STORE_MS = 2000
/** New scans that may wait for a reader of events; who is slower is cut off, and finds them in the store when it is back. */
const FOLLOWED = 64

export function createScans(
  store: ScanStore,
  { SCAN_BATCH, SCAN_BATCH_MS }: Pick<Config, 'SCAN_BATCH' | 'SCAN_BATCH_MS'>,
  { registry }: Pick<Metrics, 'registry'>,
  log: FastifyBaseLogger,
): Scans {
  const registers = [registry]
  const total = new Counter({
    name: 'parcel_scans_total',
    help: 'Scans that were stored, were known before, or were not written: failed',
    labelNames: ['outcome'],
    registers,
  })
  const sizes = new Histogram({
    name: 'parcel_scan_batch_size',
    help: 'Scans in a batch',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    registers,
  })
  const tally = createTally()
  const followers = new Map<string, Set<Channel<Scan>>>()

  const isTransient = (error: unknown) => error instanceof TimeoutError || store.isTransient(error)
  const batcher = new Batcher<Scan, Outcome>({
    maxSize: SCAN_BATCH,
    maxWaitMs: SCAN_BATCH_MS,
    maxInFlight: store.maxInFlight,
    // Or a shipment's would be told in the order in which their batches come back.
    keyOf: ({ shipment }) => shipment,
    async send(scans, signal) {
      sizes.observe(scans.length)
      try {
        const write = (signal: AbortSignal) => withTimeout(() => store.write(scans), STORE_MS, { signal })
        const results = await retry(write, { signal, isTransient })
        for (const [index, result] of results.entries()) {
          total.inc({ outcome: result.status === 'fulfilled' ? result.value : 'failed' })
          if (result.status === 'fulfilled' && result.value === 'stored') tell(scans[index]!)
        }
        return results
      } catch (error) {
        total.inc({ outcome: 'failed' }, scans.length)
        // Whoever has sent them hears that they are not written; why is our business.
        const { code, message } = (error instanceof RetryError ? error.cause : error) as NodeJS.ErrnoException
        tally(log, { reason: code ?? message }, 'scans are not written')
        throw error
      }
    },
  })
  gaugesIn(registry)('parcel_scans_waiting', 'Scans that wait to be written', () => batcher.waiting)

  const tell = (scan: Scan) => {
    for (const channel of followers.get(scan.shipment) ?? []) {
      if (channel.size >= FOLLOWED) channel.abort(new SlowReaderError('Whoever reads these events does not keep up'))
      else channel.send(scan).catch(() => {})
    }
  }

  return {
    add: (scan, signal) => batcher.add(scan, signal),
    of: (shipment) => store.of(shipment),
    follow(shipment) {
      const channel = new Channel<Scan>(FOLLOWED)
      const channels = followers.get(shipment) ?? new Set()
      followers.set(shipment, channels.add(channel))
      const close = () => {
        channels.delete(channel)
        if (channels.size === 0 && followers.get(shipment) === channels) followers.delete(shipment)
        channel.close()
      }
      return { close, [Symbol.asyncIterator]: () => channel[Symbol.asyncIterator]() }
    },
    async drain() {
      const left = await drainInTime((stop) => batcher.drain(stop))
      if (left.length > 0) log.warn({ scans: left.length }, 'scans not written, as their senders were told')
    },
  }
}
