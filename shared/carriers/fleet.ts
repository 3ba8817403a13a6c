import type { Fault } from './faults.ts'

export type { Fault } from './faults.ts'

export type CarrierName = 'albatross' | 'kestrel' | 'pelican' | 'pigeon' | 'swift'
export const CARRIER_NAMES: readonly CarrierName[] = ['albatross', 'kestrel', 'pelican', 'pigeon', 'swift']

/** `percent` of the requests take `ms`; the percents add up to 100. */
export type LatencyLaw = readonly { percent: number; ms: number }[]

export interface CarrierOptions {
  /** Default: 5, 10, 80, 800, 1000 ms for 50, 45, 4, 0.9, 0.1 % of the requests. */
  latency?: LatencyLaw
  /** The share of requests (0 to 1) that fail with 500 after their latency. Default: 0. */
  errorRate?: number
  /** Requests that a replica works on at a time before it slows down. */
  capacity?: number
  /** The mean time that a shipment spends in each status. */
  statusMs?: number
  /** Between two comments on a stream of events on which nothing happens. */
  heartbeatMs?: number
}

export interface FleetOptions extends CarrierOptions {
  /** The same seed gives the same latencies and errors, in the order of each replica's requests. */
  seed?: number
  /** Default: 127.0.0.1. */
  host?: string
  /** What one carrier does otherwise than the rest. */
  carriers?: Partial<Record<CarrierName, CarrierOptions>>
}

export interface ReplicaStats {
  origin: string
  fault: Fault | null
  /** started = completed + aborted + inFlight */
  started: number
  /** Answered to the end, or cut off where the fault says so. */
  completed: number
  /** The client closed the connection before the answer ended. */
  aborted: number
  inFlight: number
}

export interface CarrierStats {
  name: CarrierName
  /** Distinct bookings, over all replicas. */
  bookings: number
  replicas: ReplicaStats[]
}

export interface Fleet {
  /** Each carrier with the origins of its replicas, `http://127.0.0.1:port`. */
  carriers: { name: CarrierName; replicas: string[] }[]
  /** Origin of the admin server. */
  admin: string
  /** `null` is healthy; without `replica` it is for all replicas. Resolves once the next request meets it. */
  setFault(carrier: string, fault: Fault | null, replica?: number): Promise<void>
  stats(): CarrierStats[]
  /** All as at the start: healthy, nothing counted, nothing booked, the same draws again. */
  reset(): Promise<void>
  /** Cuts every connection, under every fault; calling it again changes nothing. */
  close(): Promise<void>
}

/** Five carriers with two replicas each, on free ports. */
export async function startFleet(_options: FleetOptions = {}): Promise<Fleet> {
  throw new Error('the carriers are not here yet')
}

/** `pigeon:blackhole`, `pigeon:5xx,status=502,rate=0.5`, or for one replica `pigeon/1:blackhole`. Throws a RangeError. */
export function parseFault(_text: string): { carrier: CarrierName; fault: Fault; replica?: number } {
  throw new Error('the carriers are not here yet')
}
