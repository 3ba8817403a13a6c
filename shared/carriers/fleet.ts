import { type Controls, startAdmin } from './admin.ts'
import { Carrier, type CarrierOptions } from './carrier.ts'
import { CARRIER_NAMES, carrierNamed, type CarrierName } from './tariffs.ts'

export type { CarrierStats, Controls } from './admin.ts'
export type { CarrierOptions } from './carrier.ts'
export { type Fault, FAULT_KINDS, type FaultKind, parseFault } from './faults.ts'
export { type LatencyLaw, LONG_TAIL } from './latency.ts'
export type { ReplicaStats } from './replica.ts'
export { CARRIER_NAMES, type CarrierName } from './tariffs.ts'

export interface FleetOptions extends CarrierOptions {
  /** An integer. The same seed gives a replica the same latencies and errors, request by request. Default: 1. */
  seed?: number
  /** The loopback address to listen on. Default: 127.0.0.1. */
  host?: string
  /** What one carrier does otherwise than the others. */
  carriers?: Partial<Record<CarrierName, CarrierOptions>>
}

export interface Fleet extends Controls {
  /** Each with the origins of its replicas, `http://127.0.0.1:port`. */
  carriers: { name: CarrierName; replicas: string[] }[]
  /** The origin of the admin server. */
  admin: string
  /** Cuts every connection, whatever the faults; calling it again changes nothing. */
  close(): Promise<void>
}

/** `pigeon=http://127.0.0.1:1|http://127.0.0.1:2,swift=…`: what Parcel takes from the environment as CARRIERS. */
export function carriersValue(carriers: Fleet['carriers']): string {
  return carriers.map(({ name, replicas }) => `${name}=${replicas.join('|')}`).join(',')
}

function checkSeed(seed: number): void {
  if (!Number.isInteger(seed)) throw new RangeError(`seed: expected an integer, got ${seed}`)
}

/** Five carriers with two replicas each, on free ports. Throws a RangeError for an option out of bounds. */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { seed = 1, host = '127.0.0.1', carriers: special = {}, ...common } = options
  checkSeed(seed)
  const carriers = CARRIER_NAMES.map((name) => new Carrier(name, seed, host, { ...common, ...special[name] }))
  const each = (change: (carrier: Carrier) => Promise<void>) => Promise.all(carriers.map(change))

  const controls: Controls = {
    setFault: async (name, fault, replica) => {
      const known = carrierNamed(name)
      await carriers.find((carrier) => carrier.name === known)?.setFault(fault, replica)
    },
    stats: () => carriers.map((carrier) => carrier.stats()),
    reset: async (seed) => {
      if (seed !== undefined) checkSeed(seed)
      await each((carrier) => carrier.reset(seed))
    },
  }
  const close = async () => {
    await each((carrier) => carrier.close())
  }
  try {
    await each((carrier) => carrier.setFault(null))
    const admin = await startAdmin(controls, host)
    return {
      ...controls,
      carriers: carriers.map((carrier) => ({ name: carrier.name, replicas: carrier.origins })),
      admin: admin.origin,
      close: async () => {
        await Promise.all([close(), admin.close()])
      },
    }
  } catch (error) {
    // Half a fleet would keep the process alive.
    await close()
    throw error
  }
}
