import type { FastifyBaseLogger } from 'fastify'
import type { Outcome, Scan } from './scan.ts'
import { sqliteStore } from './sqlite-store.ts'

/** Where scans are kept. A scan that is written again is `known`, so whoever does not know may always write again. */
export interface ScanStore {
  /** Batches that it writes at a time. */
  readonly maxInFlight: number
  /**
   * In their order, what became of each, of scans as `scanOf` makes them; a RefusedScan is one that it never takes. Rejects when
   * nobody knows; some may be written then.
   */
  write(scans: readonly Scan[]): Promise<PromiseSettledResult<Outcome>[]>
  /** Those of a shipment, the oldest first. */
  of(shipment: string): Promise<Scan[]>
  /** Whether what `write` rejected with may be otherwise in a moment. */
  isTransient(error: unknown): boolean
  close(): Promise<void>
}

export const keyOf = ({ shipment, at, place, event }: Scan): string => JSON.stringify([shipment, at, place, event])

export const outcome = (value: Outcome): PromiseSettledResult<Outcome> => ({ status: 'fulfilled', value })

/** For a demonstration: it is as long as the process lives, and has an end. @param capacity scans; the oldest go */
export function memoryStore(capacity = 100_000): ScanStore {
  const scans = new Map<string, Scan>()
  /** The keys of each shipment's. */
  const shipments = new Map<string, Set<string>>()

  const forget = (key: string) => {
    const { shipment } = scans.get(key)!
    scans.delete(key)
    const keys = shipments.get(shipment)!
    keys.delete(key)
    if (keys.size === 0) shipments.delete(shipment)
  }
  const write = (scan: Scan): Outcome => {
    const key = keyOf(scan)
    if (scans.has(key)) return 'known'
    scans.set(key, scan)
    const keys = shipments.get(scan.shipment) ?? new Set()
    shipments.set(scan.shipment, keys.add(key))
    if (scans.size > capacity) forget(scans.keys().next().value!)
    return 'stored'
  }

  return {
    maxInFlight: 1,
    write: async (scans) => scans.map((scan) => outcome(write(scan))),
    of: async (shipment) =>
      [...(shipments.get(shipment) ?? [])]
        .map((key) => scans.get(key)!)
        .toSorted((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at))),
    isTransient: () => false,
    close: async () => {},
  }
}

/** What DATABASE_URL names. @throws Error when it cannot be opened, and will not be by itself */
export async function openStore(url: string | null, log: FastifyBaseLogger): Promise<ScanStore> {
  if (url === null) return memoryStore()
  if (url.startsWith('sqlite:')) return sqliteStore(url.slice('sqlite:'.length))
  // Loaded only where there is one.
  const { postgresStore } = await import('./postgres-store.ts')
  return postgresStore(url, log)
}
