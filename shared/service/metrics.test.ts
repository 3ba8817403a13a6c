import Fastify from 'fastify'
import { Registry } from 'prom-client'
import { Pool } from 'undici'
import { expect, onTestFinished, test, vi } from 'vitest'
import { buildParcel, inVirtualTime, PATIENT, startParcel } from './harness.ts'
import { probes } from './routes/probes.ts'

const QUOTES = '/quotes?from=Lisbon&to=Oslo&grams=1200'

test('liveness and readiness', async () => {
  const { app } = buildParcel([])
  for (const url of ['/livez', '/readyz']) expect((await app.inject(url)).statusCode).toBe(200)
})

test('a shutdown ends readiness, but not liveness', async () => {
  const app = Fastify()
  onTestFinished(() => app.close())
  app.register(probes, { shutdown: { ready: false }, registry: new Registry() })
  expect((await app.inject('/readyz')).statusCode).toBe(503)
  expect((await app.inject('/livez')).statusCode).toBe(200)
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

test('attempts and outcomes are counted by carrier', async () => {
  const { app, fleet } = await startParcel({ ...PATIENT, CARRIER_ATTEMPTS: '2' })
  await fleet.setFault('pigeon', { kind: '5xx' })
  await fleet.setFault('swift', { kind: '5xx' }, 0)
  await inVirtualTime(() => app.inject(QUOTES))
  const { body } = await app.inject('/metrics')
  expect(body).toMatch('parcel_carrier_attempts_total{carrier="pigeon"} 2')
  expect(body).toMatch('parcel_carrier_outcomes_total{carrier="pigeon",outcome="status-503"} 1')
  expect(body).toMatch('parcel_carrier_attempts_total{carrier="swift"} 2')
  expect(body).toMatch('parcel_carrier_outcomes_total{carrier="swift",outcome="ok"} 1')
  expect(body).toMatch('parcel_carrier_attempts_total{carrier="kestrel"} 1')
  expect(body).toMatch('parcel_carrier_in_flight{carrier="pigeon"} 0')
})

test('two servers in one process do not share their metrics', async () => {
  const one = buildParcel([])
  const other = buildParcel([])
  await one.app.inject('/livez')
  expect((await one.app.inject('/metrics')).body).toMatch('route="/livez"')
  expect((await other.app.inject('/metrics')).body).not.toMatch('route="/livez"')
})
