import type { FaultKind } from '../carriers/faults.ts'
import type { CarrierName } from '../carriers/tariffs.ts'

/** Whose chapters a Parcel runs on. */
export type Side = 'yours' | 'reference'

/** One side: a Parcel, its own carriers, and the traffic that it gets. */
export interface ColumnState {
  parcel: ParcelState
  /** For how many milliseconds its figures have been about this: since an incident began, or its code was saved. */
  freshMs: number
  /** Of the last second. */
  arrivals: { sent: number; ok: number; partial: number; failed: number }
  /** Of the last ten seconds, from when a request was due, those included that still wait. */
  latency: { p50Ms: number; p95Ms: number; p99Ms: number }
  /** Of the last ten seconds, by what the customer saw: `gave up waiting`, `status 503`. */
  failures: Record<string, number>
  waiting: number
  /** Of the last second, where an incident has a greedy customer; the figures above are the others'. */
  greedy?: { asked: number; served: number }
  /** Of the last second, where somebody prints a price list: its quotes. */
  printed?: number
  /** Of the last second, where somebody uploads scans: what Parcel has said is done. */
  written?: number
  /** Where somebody hands in orders and Parcel can say what it owes: since the figures began. */
  orders?: OrdersState
  carriers: CarrierState[]
  /** The latest rolling restart, while it runs and after. */
  restart?: { running: boolean; requests: number; failed: number }
}

export interface OrdersState {
  /** Of Parcel, meanwhile. */
  kills: number
  /** Answered by a 202. */
  promised: number
  /** By the carrier's count. A few may be booked that nobody has been promised: their answer was cut off. */
  booked: number
  /** By Parcel's own. */
  owed: number
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
