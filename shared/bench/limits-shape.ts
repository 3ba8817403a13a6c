import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { seededRandom } from '../core/random.ts'
import { readConfig } from '../service/config.ts'
import { buildServer } from '../service/server.ts'
import { atRandom, openLoop } from '../stage/open-loop.ts'
import { median } from './rounds.ts'

const ALLOWED_PER_SECOND = 20
const CLOSED_MS = 2_000
const QUOTES_PER_SECOND = 30
const SECONDS = 12

export interface Shaped {
  quotes: number
  /** Of them, those that had a quote of pigeon's. */
  withPigeon: number
  p50Ms: number
}

/** Takes twenty calls a second, and at the twenty-first closes its door for two seconds. */
async function startStrictPigeon() {
  let at: number[] = []
  let closedUntil = 0
  const server = createServer((_request, response) => {
    const now = performance.now()
    at = at.filter((each) => each > now - 1_000)
    if (now >= closedUntil && at.length >= ALLOWED_PER_SECOND) closedUntil = now + CLOSED_MS
    if (now < closedUntil) return void response.writeHead(429, { 'retry-after': '2' }).end()
    at.push(now)
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ cents: 990, currency: 'EUR', days: 3 }))
    }, 10)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

/** Parcel with that pigeon alone; what it is asked for does not differ from one run to the next. */
export async function shape(env: Record<string, string>): Promise<Shaped> {
  const pigeon = await startStrictPigeon()
  const config = readConfig({ QUOTE_ERROR_MS: '0', ...env, CARRIERS: `pigeon=${pigeon.origin}`, LOG_LEVEL: 'silent' })
  const { app } = buildServer({ config, carriers: config.CARRIERS!, logger: pino({ level: 'silent' }), exit: () => {} })
  await app.ready()
  const took: number[] = []
  let withPigeon = 0
  const ask = async () => {
    const startedAt = performance.now()
    const { statusCode } = await app.inject({ method: 'GET', url: '/quotes?from=Rome&to=Oslo&grams=500' })
    took.push(performance.now() - startedAt)
    if (statusCode === 200) withPigeon++
  }
  const asked: Promise<void>[] = []
  const gap = atRandom(QUOTES_PER_SECOND, seededRandom(7))
  await openLoop({ gap, ms: SECONDS * 1_000 }, () => void asked.push(ask()))
  await Promise.all(asked)
  await app.close()
  pigeon.close()
  return { quotes: took.length, withPigeon, p50Ms: median(took) }
}
