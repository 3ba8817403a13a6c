// One process of throughput.ts, told by its arguments which: it sends its address, its processor time, and its profile.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import Fastify from 'fastify'
import { pino } from 'pino'
import { Pool } from 'undici'
import { carriersValue, startFleet } from '../carriers/fleet.ts'
import { readConfig } from '../service/config.ts'
import type { CarrierConfig } from '../service/config.ts'
import { buildServer } from '../service/server.ts'
import { type Profile, startProfile } from './profile.ts'

export type Role = 'carriers' | 'parcel' | 'pass-through'
export type Question = 'cpu' | 'profile' | 'delay'

/** Both log alike, each request at its beginning and its end. */
const logger = pino({ level: 'info' })

/** What one would write without any of the chapters: the same routes, for a sunny day. */
function passThrough(carriers: CarrierConfig[]) {
  const app = Fastify({ loggerInstance: logger })
  const all = carriers.map(({ name, replicas }) => ({ name, pools: replicas.map((origin) => new Pool(origin)) }))
  let turn = 0
  const ask = (pools: Pool[], path: string) => pools[turn++ % pools.length]!.request({ method: 'GET', path })

  app.get('/quotes', async (request) => {
    const quote = async (pools: Pool[]) => (await ask(pools, request.url)).body.json() as Promise<{ cents: number }>
    const quotes = await Promise.all(all.map(({ pools }) => quote(pools)))
    return { quotes: quotes.toSorted((a, b) => a.cents - b.cents), missing: [] }
  })
  app.get<{ Params: { id: string } }>('/shipments/:id', async ({ params }, reply) => {
    const [name, id] = params.id.split('-', 2)
    const { statusCode, body } = await ask(all.find((carrier) => carrier.name === name)!.pools, `/shipments/${id}`)
    return reply
      .code(statusCode)
      .type('application/json')
      .send(await body.text())
  })
  return app
}

async function start(role: Role): Promise<string> {
  if (role === 'carriers') {
    // Healthy and alike: each answer takes 5 ms, however many there are at a time.
    const fleet = await startFleet({ latency: [{ percent: 100, ms: 5 }], capacity: Infinity, statusMs: 3_600_000 })
    return carriersValue(fleet.carriers)
  }
  const config = readConfig(process.env)
  const carriers = config.CARRIERS!
  const app = role === 'parcel' ? buildServer({ config, carriers, logger }).app : passThrough(carriers)
  return app.listen({ port: 0, host: '127.0.0.1' })
}

if (process.send) {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const send = (answer: string | number | NodeJS.CpuUsage | Profile) => process.send!(answer)
  let stopProfile: (() => Promise<Profile>) | undefined
  process.on('message', async (question: Question) => {
    if (question === 'cpu') return void send(process.cpuUsage())
    if (question === 'delay') {
      send(delay.max / 1e6)
      return delay.reset()
    }
    if (stopProfile) return void send(await stopProfile())
    stopProfile = await startProfile()
    send('profiling')
  })
  process.once('disconnect', () => process.exit())
  send(await start(process.argv[2] as Role))
}
