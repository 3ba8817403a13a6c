// One process of throughput.ts, told by its argument which.
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { carriersValue, startFleet } from '../carriers/fleet.ts'
import { type Config, readConfig } from '../service/config.ts'
import { listen } from '../service/listen.ts'
import { buildServer } from '../service/server.ts'
import { answerParent } from './server-process.ts'
import { onCockatiel, passThrough } from './throughput-peers.ts'

export type Role = 'carriers' | 'parcel' | 'cockatiel' | 'pass-through'

/** All log alike, a line a request. */
const logger = pino({ level: 'info' })

const servers: Record<Exclude<Role, 'carriers'>, (config: Config) => FastifyInstance<any, any, any, any>> = {
  parcel: (config) => buildServer({ config, carriers: config.CARRIERS!, logger }).app,
  cockatiel: (config) => onCockatiel(config.CARRIERS!, logger, config),
  'pass-through': (config) => passThrough(config.CARRIERS!, logger),
}

async function start(role: Role): Promise<string> {
  if (role === 'carriers') {
    // Healthy and alike: each answer takes 5 ms, however many there are at a time.
    const fleet = await startFleet({ latency: [{ percent: 100, ms: 5 }], capacity: Infinity, statusMs: 3_600_000 })
    return carriersValue(fleet.carriers)
  }
  const app = servers[role](readConfig(process.env))
  const address = { port: 0, host: '127.0.0.1' }
  return role === 'parcel' ? listen(app, address) : app.listen(address)
}

await answerParent((role) => start(role as Role))
