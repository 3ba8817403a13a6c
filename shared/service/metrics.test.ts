import { METHODS } from 'node:http'
import Fastify from 'fastify'
import { Pool, request } from 'undici'
import { expect, onTestFinished, test, vi } from 'vitest'
import { PATIENT } from '../testing/patient.ts'
import { buildParcel, inVirtualTime, startParcel } from './harness.ts'
import { createMetrics } from './metrics.ts'
import { probes } from './routes/probes.ts'

const QUOTES = '/quotes?from=Lisbon&to=Oslo&grams=1200'

test('liveness and readiness', async () => {
  const { app } = buildParcel([])
  for (const url of ['/livez', '/readyz']) expect((await app.inject(url)).statusCode).toBe(200)
})

test('a shutdown ends readiness, but not liveness', async () => {
  const app = Fastify()
  onTestFinished(() => app.close())
  app.register(probes, { shutdown: { ready: false } })
  expect((await app.inject('/readyz')).statusCode).toBe(503)
  expect((await app.inject('/livez')).statusCode).toBe(200)
})

test('with a port of their own, the metrics are there, and nowhere else', async () => {
  const { app, back } = buildParcel([], { METRICS_PORT: '0' })
  await app.inject('/livez')
  expect((await app.inject('/metrics')).statusCode).toBe(404)
  const origin = await back!.listen({ port: 0 })
  const metrics = await request(`${origin}/metrics`)
  expect(await metrics.body.text()).toMatch('route="/livez"')
  // The connection is kept alive, and nobody waits for it.
  await app.close()
  await expect(request(`${origin}/metrics`, { reset: true })).rejects.toThrow()
})

test('with a port of their own, probes are answered there, and it is ready when customers can come', async () => {
  const { app, back, shutdown } = buildParcel([], { METRICS_PORT: '0' })
  const status = async (path: string) => (await back!.inject(path)).statusCode
  expect([await status('/livez'), await status('/readyz')], 'before it listens for customers').toEqual([200, 503])
  await app.listen({ port: 0 })
  await vi.waitFor(async () => expect(await status('/readyz'), 'it listens').toBe(200))
  expect((await app.inject('/readyz')).statusCode, 'and on the other port as well').toBe(200)
  void shutdown.begin('test')
  expect([await status('/livez'), await status('/readyz')], 'while it shuts down').toEqual([200, 503])
})

test('requests are counted by method, route and status', async () => {
  const { app } = await startParcel()
  // Over a socket: an injected request has no end that one could tell from a client that hangs up.
  const client = new Pool(await app.listen({ port: 0 }))
  onTestFinished(() => client.close())
  for (const path of [QUOTES, '/shipments/pigeon-1', '/shipments/pigeon-2', '/nowhere']) {
    await client.request({ method: 'GET', path }).then(({ body }) => body.dump())
  }
  const { body, headers } = await app.inject('/metrics')
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(body).toMatch('parcel_request_seconds_count{method="GET",route="/quotes",status="200"} 1')
  expect(body).toMatch('parcel_request_seconds_count{method="GET",route="/shipments/:id",status="404"} 2')
  expect(body).toMatch('parcel_request_seconds_count{method="GET",route="none",status="404"} 1')
})

test('what waits for a carrier is in flight, and aborted when the client goes away', async () => {
  const { app, fleet } = await startParcel()
  await fleet.setFault('albatross', { kind: 'blackhole' })
  const client = new Pool(await app.listen({ port: 0 }))
  onTestFinished(() => client.destroy())
  const metrics = async () => (await app.inject('/metrics')).body
  const within = { timeout: 10_000 }

  const hangUp = new AbortController()
  const answer = client.request({ method: 'GET', path: QUOTES, signal: hangUp.signal })
  await vi.waitFor(
    async () => expect(await metrics()).toMatch('parcel_carrier_in_flight{carrier="albatross"} 1'),
    within,
  )
  hangUp.abort()
  await expect(answer).rejects.toThrow()
  await vi.waitFor(async () => {
    const body = await metrics()
    expect(body).toMatch('parcel_carrier_in_flight{carrier="albatross"} 0')
    expect(body).toMatch('parcel_carrier_outcomes_total{carrier="albatross",outcome="cancelled"} 1')
    expect(body).toMatch('parcel_request_seconds_count{method="GET",route="/quotes",status="aborted"} 1')
  }, within)
})

test('attempts are counted by carrier and kind, outcomes by carrier', async () => {
  const { app, fleet } = await startParcel({ ...PATIENT, CARRIER_ATTEMPTS: '2' })
  await fleet.setFault('pigeon', { kind: '5xx' })
  await fleet.setFault('swift', { kind: '5xx' }, 0)
  await inVirtualTime(() => app.inject(QUOTES))
  const { body } = await app.inject('/metrics')
  expect(body).toMatch('parcel_carrier_attempts_total{carrier="pigeon",kind="first"} 1')
  expect(body).toMatch('parcel_carrier_attempts_total{carrier="pigeon",kind="retry"} 1')
  expect(body).toMatch('parcel_carrier_outcomes_total{carrier="pigeon",outcome="status-503"} 1')
  expect(body).toMatch('parcel_carrier_attempts_total{carrier="swift",kind="retry"} 1')
  expect(body).toMatch('parcel_carrier_outcomes_total{carrier="swift",outcome="ok"} 1')
  expect(body).toMatch('parcel_carrier_attempts_total{carrier="kestrel",kind="first"} 1')
  expect(body).not.toMatch('{carrier="kestrel",kind="retry"}')
  expect(body).toMatch('parcel_carrier_in_flight{carrier="pigeon"} 0')
})

test('a read that is late is hedged, and that is an attempt of its own kind', async () => {
  const { app, fleet } = await startParcel(PATIENT)
  // These teach it what late is, and earn what a hedge costs.
  for (let i = 0; i < 100; i++) await app.inject('/shipments/swift-1')
  expect((await app.inject('/metrics')).body).not.toMatch('kind="hedge"')
  await fleet.setFault('swift', { kind: 'blackhole' }, 0)
  // Each starts with the other replica: one of the two hangs.
  for (let i = 0; i < 2; i++) expect((await app.inject('/shipments/swift-1')).statusCode).toBe(404)
  const { body } = await app.inject('/metrics')
  expect(body).toMatch('parcel_carrier_attempts_total{carrier="swift",kind="first"} 102')
  expect(body).toMatch(/parcel_carrier_attempts_total{carrier="swift",kind="hedge"} [12]/)
})

test('the state of each breaker is told, one for each replica', async () => {
  const { app, fleet } = await startParcel({ ...PATIENT, CARRIER_ATTEMPTS: '1' })
  await fleet.setFault('pigeon', { kind: '5xx' }, 1)
  const stateOf = async (replica: number) =>
    ['closed', 'open', 'half-open'].filter((state) =>
      after.includes(`parcel_carrier_breaker_state{carrier="pigeon",replica="${replica}",state="${state}"} 1`),
    )
  let after = (await app.inject('/metrics')).body
  expect([await stateOf(0), await stateOf(1)]).toEqual([['closed'], ['closed']])
  for (let i = 0; i < 10; i++) await inVirtualTime(() => app.inject(QUOTES))
  after = (await app.inject('/metrics')).body
  expect([await stateOf(0), await stateOf(1)]).toEqual([['closed'], ['open']])
})

test('a breaker that changes is counted, and a line in the log: a short break fits between two scrapes', async () => {
  const { app, fleet, lines } = await startParcel({ ...PATIENT, CARRIER_ATTEMPTS: '1' })
  await fleet.setFault('pigeon', { kind: '5xx' }, 1)
  for (let i = 0; i < 10; i++) await inVirtualTime(() => app.inject(QUOTES))
  const { body } = await app.inject('/metrics')
  expect(body).toMatch('parcel_carrier_breaker_changes_total{carrier="pigeon",replica="1",pool="calls",to="open"} 1')
  const changes = lines.filter(({ msg }) => msg === 'breaker open')
  expect(changes).toEqual([
    expect.objectContaining({
      level: 40,
      carrier: 'pigeon',
      replica: 1,
      from: 'closed',
      to: 'open',
      reason: 'status-503',
      retryAfterMs: expect.any(Number),
    }),
  ])
})

test('each request to a carrier is timed, and what a pool and a budget have left can be seen', async () => {
  const { app, fleet } = await startParcel({ ...PATIENT, CARRIER_ATTEMPTS: '1', CARRIER_CONNECTIONS: '1' })
  await fleet.setFault('pigeon', { kind: '5xx' })
  await inVirtualTime(() => app.inject(QUOTES))
  const { body } = await app.inject('/metrics')
  expect(body).toMatch('parcel_carrier_seconds_count{carrier="pigeon",result="failed"} 1')
  expect(body).toMatch('parcel_carrier_seconds_count{carrier="swift",result="ok"} 1')
  expect(body).toMatch('parcel_carrier_sockets{carrier="swift",replica="0",pool="calls"} 1')
  expect(body).toMatch('parcel_carrier_queued{carrier="swift",replica="0",pool="calls"} 0')
  expect(body).toMatch('parcel_carrier_queued{carrier="swift",replica="0",pool="streams"} 0')
  expect(body).toMatch(/parcel_carrier_retry_budget{carrier="swift"} 10\.1/)
})

test('what runs is a metric, so that a graph shows a deploy', async () => {
  const { app } = buildParcel([])
  expect((await app.inject('/metrics')).body).toMatch(
    new RegExp(`parcel_build_info{version="\\d+\\.\\d+\\.\\d+",node="${process.version}"} 1`),
  )
})

test('a sweep of methods makes no series for each', async () => {
  const { app } = buildParcel([])
  const client = new Pool(await app.listen({ port: 0 }))
  onTestFinished(() => client.close())
  for (const method of METHODS.filter((method) => method !== 'CONNECT')) {
    for (const path of ['/nowhere', '/quotes', '/shipments/pigeon-1/events']) {
      await client.request({ method: method as 'GET', path }).then(({ body }) => body.dump())
    }
  }
  const { body } = await app.inject('/metrics')
  const methods = new Set(body.match(/(?<=^parcel_request_seconds_count\{method=")\w+/gm))
  expect([...methods].toSorted()).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST', 'other'])
})

test('a breaker that cannot tell its state is in none, and the other metrics are there', async () => {
  const { registry, watchBreaker, attempts } = createMetrics()
  const broken = {
    get state(): never {
      throw new Error('TODO')
    },
  }
  watchBreaker({ carrier: 'pigeon', replica: 0, breaker: broken })
  attempts.inc({ carrier: 'pigeon', kind: 'first' })
  const body = await registry.metrics()
  expect(body).not.toMatch(/state="[a-z-]+"} 1/)
  expect(body).toMatch('parcel_carrier_attempts_total{carrier="pigeon",kind="first"} 1')
})

test('two servers in one process do not share their metrics', async () => {
  const one = buildParcel([])
  const other = buildParcel([])
  await one.app.inject('/livez')
  expect((await one.app.inject('/metrics')).body).toMatch('route="/livez"')
  expect((await other.app.inject('/metrics')).body).not.toMatch('route="/livez"')
})
