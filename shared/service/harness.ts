import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { onTestFinished, vi } from 'vitest'
import type { Redis } from '#chapters/07-rate-limiting/shared.ts'
import { type Fleet, type FleetOptions, startFleet } from '../carriers/fleet.ts'
import { PATIENT } from '../testing/patient.ts'
import { type CarrierConfig, readConfig } from './config.ts'
import type { ScanStore } from './scan-store.ts'
import { buildServer, type Server } from './server.ts'

// The real one, also while the clock is in the test's hand.
const { setTimeout } = globalThis

/** Parcel for the time of a test. `lines` is its log, parsed. */
export function buildParcel(
  carriers: CarrierConfig[],
  env: Record<string, string> = PATIENT,
  redis?: Redis,
  store?: ScanStore,
) {
  const lines: Record<string, unknown>[] = []
  const logger = pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line)) })
  const server: Server = buildServer({
    config: readConfig(env),
    carriers,
    logger,
    ...(redis && { redis }),
    ...(store && { store }),
    exit: () => {},
  })
  onTestFinished(() => server.app.close())
  return { ...server, lines }
}

/** Parcel and the real carriers, for the time of a test; they answer at once unless told otherwise. */
export async function startParcel(env: Record<string, string> = PATIENT, options: FleetOptions = {}) {
  const fleet: Fleet = await startFleet({ latency: [{ percent: 100, ms: 0 }], ...options })
  onTestFinished(() => fleet.close())
  return { ...buildParcel(fleet.carriers, env), fleet }
}

/** All that comes back for these bytes, until the server hangs up. */
export async function say(app: FastifyInstance, ...pieces: string[]): Promise<string> {
  const { port } = new URL(await app.listen({ port: 0 }))
  const socket = connect(Number(port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  for (const piece of pieces) socket.write(piece)
  return text(socket)
}

/** A carrier that says what the test wants, for what a real one never says. */
export async function startDouble(listener: RequestListener): Promise<CarrierConfig> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(
    () =>
      new Promise((resolve) => {
        server.close(resolve as () => void)
        server.closeAllConnections()
      }),
  )
  return { name: 'double', replicas: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] }
}

/**
 * Runs `work` while the clock goes on by 5 ms with each turn of the event loop: limits end when they should, and a busy
 * machine, on which time passes without turns, does not end them early.
 *
 * @returns how long it took on that clock, in milliseconds
 */
export async function inVirtualTime<T>(work: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
  const now = performance.now()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  try {
    // It begins at 0, and nothing that was noted before must seem to lie ahead. Whole: fractions would not add up.
    vi.advanceTimersByTime(Math.ceil(now))
    const startedAt = performance.now()
    let pending = true
    const promise = work().finally(() => (pending = false))
    promise.catch(() => {})
    while (pending) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      await vi.advanceTimersByTimeAsync(5)
    }
    return { value: await promise, tookMs: performance.now() - startedAt }
  } finally {
    // What was put off to the end of this turn still is about this clock, and to the next one it would seem to lie ahead.
    await new Promise((resolve) => setImmediate(resolve))
    vi.useRealTimers()
  }
}
