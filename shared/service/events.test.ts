import Fastify from 'fastify'
import { Pool } from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { limitServer } from '#chapters/01-timeouts/server.ts'
import type { Fleet, FleetOptions } from '../carriers/fleet.ts'
import { Carrier } from './carrier.ts'
import { readConfig } from './config.ts'
import { holdTheClock } from '../testing/clock.ts'
import { PATIENT } from '../testing/patient.ts'
import { buildParcel, inVirtualTime, startDouble, startParcel } from './harness.ts'
import { createMetrics } from './metrics.ts'
import { events } from './routes/events.ts'
import { memoryStore } from './scan-store.ts'
import { createScans } from './scans.ts'
import { withHeartbeats } from './routes/heartbeats.ts'

async function startBooked(env?: Record<string, string>, options?: FleetOptions) {
  const { app, fleet } = await startParcel(env, options)
  const headers = { 'idempotency-key': 'k-1' }
  const body = { carrier: 'pigeon', from: 'Lisbon', to: 'Oslo', grams: 1200 }
  const { id } = (await app.inject({ method: 'POST', url: '/shipments', headers, body })).json()
  return { fleet, origin: await app.listen({ port: 0 }), path: `/shipments/${id}/events` }
}

async function open(origin: string, path: string, headers = {}) {
  const client = new Pool(origin)
  onTestFinished(() => client.destroy())
  return client.request({ method: 'GET', path, headers })
}

async function readUntil(stream: AsyncIterable<Buffer>, wanted: RegExp): Promise<string> {
  let read = ''
  for await (const chunk of stream) {
    read += chunk
    if (wanted.test(read)) break
  }
  return read
}

const streaming = (fleet: Fleet) =>
  fleet
    .stats()
    .flatMap(({ replicas }) => replicas)
    .reduce((sum, { inFlight }) => sum + inFlight, 0)

test('streams the carrier’s events as they happen', async () => {
  const { origin, path } = await startBooked(PATIENT, { statusMs: 20 })
  const { statusCode, headers, body } = await open(origin, path)
  expect(statusCode).toBe(200)
  expect(headers['content-type']).toBe('text/event-stream')
  const read = await readUntil(body, /delivered/)
  expect(read.match(/"status":"[\w-]+"/g)).toEqual(
    ['booked', 'collected', 'in-transit', 'out-for-delivery', 'delivered'].map((status) => `"status":"${status}"`),
  )
})

test('a stream outlives the handler’s limit, and the carrier’s silence the limit between two chunks', async () => {
  const { origin, path } = await startBooked(
    { HANDLER_MS: '3000', CARRIER_BODY_MS: '100' },
    { statusMs: 0, heartbeatMs: 2000 },
  )
  const { value: read, tookMs } = await inVirtualTime(async () =>
    readUntil((await open(origin, path)).body, /(nothing new[^]*){3}/),
  )
  expect(read).toMatch('delivered')
  expect(tookMs).toBeGreaterThan(6000)
})

test('a stream may be longer than any other answer', async () => {
  const double = await startDouble((_request, response) => response.end(`: ${'x'.repeat(100_000)}\n\n`))
  const { app } = buildParcel([double], { ...PATIENT, CARRIER_MAX_BYTES: '1000' })
  const response = await app.inject('/shipments/double-1/events')
  expect(response.body).toHaveLength(100_004)
})

test('a silent carrier’s stream has heartbeats of ours, and no proxy keeps it back', async () => {
  const double = await startDouble((_request, response) => {
    response.write('event: status\n')
    setTimeout(() => response.write('data: half a li'), 50)
  })
  const { app } = buildParcel([double], { ...PATIENT, EVENT_HEARTBEAT_MS: '200' })
  const { headers, body } = await open(await app.listen({ port: 0 }), '/shipments/double-1/events')
  expect(headers['x-accel-buffering']).toBe('no')
  const read = await readUntil(body, /half a li/)
  expect(read).toMatch(/^event: status\n(:\n)*data: half a li$/)
})

describe('heartbeats', () => {
  async function* chunks(script: (string | number)[]) {
    for (const step of script) {
      if (typeof step === 'number') await vi.advanceTimersByTimeAsync(step)
      else yield Buffer.from(step)
    }
  }
  const heard = async (script: (string | number)[]) => {
    holdTheClock()
    const read: string[] = []
    for await (const chunk of withHeartbeats(chunks(script), 1000)) read.push(String(chunk))
    return read
  }

  test('come whenever nothing else does, also before the first word', async () => {
    expect(await heard([2500, 'data: 1\n\n', 900, 'data: 2\n\n', 900, 'data: 3\n\n', 3100])).toEqual([
      ':\n',
      ':\n',
      'data: 1\n\n',
      'data: 2\n\n',
      'data: 3\n\n',
      ':\n',
      ':\n',
      ':\n',
    ])
  })

  test('never cut a line in two', async () => {
    expect(await heard(['data: 1', 5000, '0\n', 1500, 'data: 2\n\n'])).toEqual(['data: 1', '0\n', ':\n', 'data: 2\n\n'])
  })

  test('leave no timer behind when the carrier ends, and hand on how it failed', async () => {
    await heard(['data: 1\n\n'])
    expect(vi.getTimerCount()).toBe(0)
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('data: 1\n\n')
      throw new Error('reset')
    }
    const stream = withHeartbeats(broken(), 1000)
    await stream.next()
    await expect(stream.next()).rejects.toThrow('reset')
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a carrier that does not begin its stream in time is a 504', async () => {
  const { fleet, origin, path } = await startBooked({})
  await fleet.setFault('pigeon', { kind: 'blackhole' })
  const { value: response } = await inVirtualTime(() => open(origin, path))
  expect(response.statusCode).toBe(504)
  expect(response.headers['content-type']).toMatch('application/problem+json')
  await response.body.dump()
})

test('a stream that breaks before its first word is the carrier’s failure, and not our mistake', async () => {
  const double = await startDouble((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    setTimeout(() => response.destroy(), 20)
  })
  const { app } = buildParcel([double])
  const response = await app.inject('/shipments/double-1/events')
  expect(response.statusCode).toBe(503)
  expect(response.json()).toMatchObject({ carrier: 'double', reason: 'reset' })
})

test('nor is it another when undici notices first that the headers are late', async () => {
  const { app } = buildParcel([await startDouble(() => {})], {
    ...PATIENT,
    CARRIER_HEADERS_MS: '1',
    CARRIER_ATTEMPTS: '1',
  })
  const response = await app.inject('/shipments/double-1/events')
  expect(response.statusCode).toBe(504)
  expect(response.json()).toMatchObject({ carrier: 'double', reason: 'timeout' })
})

test('a shipment that its carrier does not know has no events', async () => {
  const { app } = await startParcel()
  expect((await app.inject('/shipments/pigeon-4711/events')).statusCode).toBe(404)
})

test('tells the carrier where a reader was when it lost the line', async () => {
  const double = await startDouble((request, response) =>
    response.end(`: after ${request.headers['last-event-id']}\n\n`),
  )
  const { app } = buildParcel([double])
  const response = await app.inject({ url: '/shipments/double-1/events', headers: { 'last-event-id': '3' } })
  expect(response.body).toBe(': after 3\n\n')
})

test('a reader that hangs up ends the stream at the carrier, though the carrier is silent', async () => {
  const { fleet, origin, path } = await startBooked(PATIENT, { statusMs: 60_000, heartbeatMs: 60_000 })
  const { body } = await open(origin, path)
  await readUntil(body, /booked/)
  await vi.waitFor(() => expect(streaming(fleet)).toBe(0), 10_000)
})

test('a shutdown ends the stream in good order, though the carrier is silent', async () => {
  const double = await startDouble((_request, response) => void response.write(': hello\n\n'))
  const limits = {
    connections: 1,
    connectMs: 9000,
    headersMs: 9000,
    bodyMs: 9000,
    maxBytes: 1000,
    callMs: 9000,
    attempts: 1,
    breaker: {},
    streams: 1,
  }
  const metrics = createMetrics()
  const carrier = new Carrier(double, limits, metrics)
  const shutdown = new AbortController()
  const app = Fastify()
  onTestFinished(() => app.close())
  app.addHook('onClose', () => carrier.close())
  limitServer(app, { headersMs: 5000, requestMs: 9000, balancerIdleMs: 5000, bodyChunkMs: 5000, handlerMs: 9000 })
  const scans = createScans(memoryStore(), readConfig({}), metrics, app.log)
  const options = { carriers: [carrier], scans, shutdown, heartbeatMs: 9000, maxStreams: 1, open: metrics.streams }
  app.register(events, options)

  const { body } = await open(await app.listen({ port: 0 }), '/shipments/double-1/events')
  const chunks: string[] = []
  for await (const chunk of body) {
    chunks.push(String(chunk))
    shutdown.abort()
  }
  expect(chunks).toEqual([': hello\n\n'])
})

test('HEAD says what GET would, and begins no stream', async () => {
  const { fleet, origin, path } = await startBooked(PATIENT, { statusMs: 60_000, heartbeatMs: 60_000 })
  const client = new Pool(origin)
  onTestFinished(() => client.destroy())
  for (let i = 0; i < 10; i++) {
    const { statusCode, headers } = await client.request({ method: 'HEAD', path })
    expect(statusCode).toBe(200)
    expect(headers['content-type']).toBe('text/event-stream')
  }
  expect((await client.request({ method: 'HEAD', path: '/shipments/pigeon-4711/events' })).statusCode).toBe(404)
  expect(streaming(fleet), 'streams are open at the carrier, and nobody reads them').toBe(0)
})

test('nor does any other method, on any route', async () => {
  const { fleet, origin, path } = await startBooked(PATIENT, { statusMs: 60_000, heartbeatMs: 60_000 })
  const paths = [path, path.replace('/events', ''), '/quotes?from=Lisbon&to=Oslo&grams=1', '/shipments', '/livez']
  const client = new Pool(origin)
  onTestFinished(() => client.destroy())
  for (const method of ['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE'] as const) {
    for (const path of paths) await (await client.request({ method, path })).body.dump()
  }
  expect(streaming(fleet), 'something is still going on at the carriers, though all was answered').toBe(0)
})

test('more streams than there may be are refused, until somebody hangs up', async () => {
  const { origin, path } = await startBooked(
    { ...PATIENT, EVENT_STREAMS: '2' },
    { statusMs: 60_000, heartbeatMs: 60_000 },
  )
  const readers = [await open(origin, path), await open(origin, path)]
  const refused = await open(origin, path)
  expect(refused.statusCode).toBe(503)
  expect(refused.headers['retry-after']).toBe('5')
  await refused.body.dump()
  readers[0]!.body.on('error', () => {}).destroy()
  await vi.waitFor(async () => expect((await open(origin, path)).statusCode).toBe(200), 10_000)
})

test('a carrier whose streams do not begin goes on selling', async () => {
  const double = await startDouble((request, response) => {
    if (!request.url!.endsWith('/events')) response.end('{ "cents": 590, "currency": "EUR", "days": 2 }')
  })
  const { app } = buildParcel([double], { CARRIER_ATTEMPTS: '1' })
  const stream = async () => (await inVirtualTime(() => app.inject('/shipments/double-1/events'))).value.json()
  for (let i = 0; i < 5; i++) expect(await stream()).toMatchObject({ reason: 'timeout' })
  expect(await stream(), 'streams have no breaker').toMatchObject({ reason: 'open' })
  expect((await app.inject('/quotes?from=Lisbon&to=Oslo&grams=1200')).json()).toMatchObject({ missing: [] })
})
