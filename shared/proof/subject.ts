import { pino } from 'pino'
import { type Fleet, type FleetOptions, startFleet } from '../carriers/fleet.ts'
import { type Config, readConfig } from '../service/config.ts'
import { buildServer } from '../service/server.ts'
import { parseMetrics, type Sample } from '../stage/prometheus.ts'
import { until } from '../stage/until.ts'

/** A Parcel in this process, on real sockets, and its carriers, which answer at once unless told otherwise. */
export interface Subject {
  config: Config
  fleet: Fleet
  origin: string
  /** What Parcel has logged as an error: its own mistakes, and nothing else. */
  errors: string[]
  /** Requests in flight: from Parcel to its carriers by Parcel's own count, and by the carriers'. */
  inFlight(): Promise<number>
  close(): Promise<void>
}

const PORT_MS = 120_000

export async function startSubject(env: Record<string, string>, options: FleetOptions = {}): Promise<Subject> {
  const config = readConfig(env)
  const fleet = await startFleet({ latency: [{ percent: 100, ms: 0 }], ...options })
  const errors: string[] = []
  const keep = ({ msg, err }: { msg: string; err?: { stack?: string } }) => errors.push(err?.stack ?? msg)
  const logger = pino({ level: 'error' }, { write: (line) => keep(JSON.parse(line)) })
  const { app } = buildServer({ config, carriers: fleet.carriers, logger, exit: () => {} })
  const origin = await app.listen({ port: 0, host: '127.0.0.1' })
  // Nobody is sent here before.
  await until(async () => (await app.inject('/readyz')).statusCode === 200, PORT_MS)
  return {
    config,
    fleet,
    origin,
    errors,
    async inFlight() {
      const atCarriers = fleet.stats().flatMap(({ replicas }) => replicas.map(({ inFlight }) => inFlight))
      const { body } = await app.inject('/metrics')
      const atParcel = metric(body, 'parcel_carrier_in_flight').map(({ value }) => value)
      return [...atCarriers, ...atParcel].reduce((sum, value) => sum + value, 0)
    },
    async close() {
      await app.close()
      await fleet.close()
    },
  }
}

/** The samples of one metric in Prometheus' text format. */
export const metric = (text: string, name: string): Sample[] => parseMetrics(text).filter((each) => each.name === name)

export const total = (samples: Sample[]): number => samples.reduce((sum, { value }) => sum + value, 0)

/**
 * Sets a fault, or lifts it, as soon as that is possible: while a replica refuses connections its port is free, and
 * somebody else on the machine may have it for a moment.
 */
export async function setFault(fleet: Fleet, ...fault: Parameters<Fleet['setFault']>): Promise<void> {
  const isSet = await until(async () => {
    try {
      await fleet.setFault(...fault)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      return false
    }
  }, PORT_MS)
  if (!isSet) throw new Error('Somebody has taken the port of a carrier that refused connections, and keeps it')
}
