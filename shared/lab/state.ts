import type { FaultKind } from '../carriers/faults.ts'
import type { CarrierName } from '../carriers/tariffs.ts'

/** What the page shows: sent whole, once a second, as a server-sent event. Types only; the page imports them too. */
export interface LabState {
  /** Milliseconds since the Lab was started. */
  atMs: number
  traffic: TrafficState
  columns: Record<Side, ColumnState>
  chapters: ChapterCard[]
  /** The scenario whose button was pressed last, until something else is changed. */
  scenario?: string
}

export type Side = 'yours' | 'reference'

export interface TrafficState {
  /** Arrivals a second, on average, for each side. */
  perSecond: number
  paused: boolean
  seed: number
  /** How late the generator itself was in the last ten seconds, by its event loop. */
  delayP99Ms: number
  /** The machine has too much to do, so the figures are about it and not about the code. */
  saturated: boolean
}

/** One side: a Parcel, its own carriers, and the traffic that it gets. */
export interface ColumnState {
  parcel: ParcelState
  /** Of the last second. */
  arrivals: { sent: number; ok: number; partial: number; failed: number }
  /** Of the last ten seconds, from when a request was due, those included that still wait. */
  latency: { p50Ms: number; p95Ms: number; p99Ms: number }
  /** Of the last ten seconds, by what the customer saw: `gave up waiting`, `status 503`. */
  failures: Record<string, number>
  waiting: number
  carriers: CarrierState[]
  /** The latest rolling restart, while it runs and after. */
  restart?: { running: boolean; requests: number; failed: number }
}

export type ParcelState =
  | { status: 'starting' | 'ready' | 'restarting'; instances: number; memoryMb: number }
  /** It ended by itself, or never came up; it is started again at the next save. */
  | { status: 'crashed'; /** The first lines of what it said. */ error: string[] }

export interface CarrierState {
  name: CarrierName
  fault: FaultKind | null
  /** One for each replica, by Parcel's own metrics. */
  breakers: ('closed' | 'open' | 'half-open')[]
  /** Of the last second, by Parcel's own metrics. */
  attempts: number
  retries: number
  hedges: number
  /** Now. */
  inFlight: number
  /** Of the last ten seconds, by reason. */
  missing: Record<string, number>
}

export interface ChapterCard {
  number: string
  title: string
  /** In order; `unknown` until the suite has run. */
  steps: { title: string; spare: boolean; state: 'green' | 'red' | 'unknown' }[]
  running: boolean
}
