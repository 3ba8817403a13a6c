import { Agent, request } from 'undici'
import type { AttemptKind } from '../service/metrics.ts'
import { parseMetrics, type Sample } from './prometheus.ts'
import type { CarrierState } from './column.ts'

/** Of one carrier, by Parcel's own metrics. */
export type CarrierReading = Pick<CarrierState, 'breakers' | 'attempts' | 'retries' | 'hedges' | 'inFlight'>

export interface Reading {
  carriers: Record<string, CarrierReading>
  memoryMb: number
  /** What its outboxes have left to deliver; undefined unless all instances have said. */
  owed: number | undefined
}

/** So that a Parcel that hangs does not make the Lab hang. */
const LIMIT_MS = 800
const MAX_BYTES = 1_000_000

/** Reads the metrics of a Parcel's instances, and makes of counts what has happened since the reading before. */
export class Meter {
  readonly #client = new Agent({ maxResponseSize: MAX_BYTES })
  readonly #limitMs: number
  /** By instance; a new one counts from 0. */
  #before = new Map<string, Sample[]>()

  constructor({ limitMs = LIMIT_MS } = {}) {
    this.#limitMs = limitMs
  }

  /** @param origins the newest last: states of breakers are its own, the rest is added up. */
  async read(origins: string[]): Promise<Reading> {
    const readings = await Promise.all(origins.map((origin) => this.#scrape(origin)))
    const sumsBefore = origins.map((origin) => this.#before.get(origin) ?? [])
    // One that did not answer keeps its place, or all that it has counted would be news when it does.
    this.#before = new Map(origins.map((origin, i) => [origin, readings[i] ?? sumsBefore[i]!]))

    const carriers: Reading['carriers'] = {}
    const of = (name: string) => (carriers[name] ??= { breakers: [], attempts: 0, retries: 0, hedges: 0, inFlight: 0 })
    for (const [i, samples = []] of readings.entries()) {
      const before = new Map(sumsBefore[i]!.filter(isAttempt).map((sample) => [keyOf(sample), sample.value]))
      for (const sample of samples.filter(isAttempt)) {
        const count = sample.value - (before.get(keyOf(sample)) ?? 0)
        const carrier = of(sample.labels.carrier!)
        const kind = sample.labels.kind as AttemptKind
        carrier.attempts += count
        if (kind === 'retry') carrier.retries += count
        if (kind === 'hedge') carrier.hedges += count
      }
      for (const { labels, value } of named(samples, 'parcel_carrier_in_flight')) of(labels.carrier!).inFlight += value
    }
    const newest = readings.findLast((samples) => samples) ?? []
    for (const { labels, value } of named(newest, 'parcel_carrier_breaker_state')) {
      if (value === 1) of(labels.carrier!).breakers.push(labels.state as 'closed' | 'open' | 'half-open')
    }
    const bytes = readings.map((samples = []) => named(samples, 'process_resident_memory_bytes')[0]?.value ?? 0)
    const owed = readings.flatMap((samples = []) => named(samples, 'parcel_outbox_pending').map(({ value }) => value))
    return {
      carriers,
      memoryMb: Math.round(sumOf(bytes) / 1e6),
      owed: origins.length > 0 && readings.every((samples) => samples) ? sumOf(owed) : undefined,
    }
  }

  async close(): Promise<void> {
    await this.#client.destroy()
  }

  /** Undefined when there is no answer in time. */
  async #scrape(origin: string): Promise<Sample[] | undefined> {
    try {
      const signal = AbortSignal.timeout(this.#limitMs)
      const { body } = await request(`${origin}/metrics`, { dispatcher: this.#client, signal })
      return parseMetrics(await body.text())
    } catch {
      return undefined
    }
  }
}

const sumOf = (values: number[]) => values.reduce((sum, each) => sum + each, 0)
const named = (samples: Sample[], name: string) => samples.filter((sample) => sample.name === name)
const isAttempt = ({ name }: Sample) => name === 'parcel_carrier_attempts_total'
const keyOf = ({ labels }: Sample) => `${labels.carrier} ${labels.kind}`
