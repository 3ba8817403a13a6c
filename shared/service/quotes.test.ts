import { Pool } from 'undici'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CARRIER_NAMES, type Fault } from '../carriers/fleet.ts'
import { buildParcel, inVirtualTime, startDouble, startParcel } from './harness.ts'
import type { Quotes } from './schemas.ts'

const QUOTES = '/quotes?from=Lisbon&to=Oslo&grams=1200'

test('asks every carrier, and puts the cheapest first', async () => {
  const { app } = await startParcel()
  const response = await app.inject(QUOTES)
  expect(response.statusCode).toBe(200)
  const { quotes, missing } = response.json<Quotes>()
  expect(missing).toEqual([])
  expect(quotes.map(({ carrier }) => carrier).toSorted()).toEqual(CARRIER_NAMES.toSorted())
  const cents = quotes.map(({ cents }) => cents)
  expect(cents).toEqual(cents.toSorted((a, b) => a - b))
  expect(quotes[0]).toEqual({ carrier: expect.any(String), cents: cents[0], currency: 'EUR', days: expect.any(Number) })
})

const reasons: [Fault, string][] = [
  [{ kind: 'blackhole' }, 'timeout'],
  [{ kind: 'slow-headers' }, 'timeout'],
  [{ kind: 'dripping-body' }, 'timeout'],
  [{ kind: 'refused' }, 'refused'],
  [{ kind: 'truncated-body' }, 'reset'],
  [{ kind: 'reset' }, 'reset'],
  [{ kind: 'malformed-json' }, 'bad-answer'],
  [{ kind: 'huge-body' }, 'too-large'],
  [{ kind: '5xx', status: 502 }, 'status-502'],
  [{ kind: '429' }, 'status-429'],
  [{ kind: 'stuck-after-half-open' }, 'status-503'],
]

test.for(reasons)('names a carrier with the fault %o as missing, within the deadline', async ([fault, reason]) => {
  const { app, fleet } = await startParcel({ QUOTE_DEADLINE_MS: '1000' })
  await fleet.setFault('pigeon', fault)
  const { value: response, tookMs } = await inVirtualTime(() => app.inject(QUOTES))
  expect(response.statusCode).toBe(200)
  const { quotes, missing } = response.json<Quotes>()
  expect(missing).toEqual([{ carrier: 'pigeon', reason }])
  expect(quotes).toHaveLength(4)
  expect(tookMs).toBeLessThan(1000)
})

test.for([
  ['no number', '{ "cents": "590", "currency": "EUR", "days": 2 }'],
  ['another currency', '{ "cents": 590, "currency": "CHF", "days": 2 }'],
  ['no object', '[]'],
  ['nothing', ''],
])('takes no answer of the wrong shape from a carrier: %s', async ([, body]) => {
  const { app } = buildParcel([await startDouble((_request, response) => response.end(body))])
  const response = await app.inject(QUOTES)
  expect(response.statusCode).toBe(503)
  expect(response.json()).toMatchObject({ missing: [{ carrier: 'double', reason: 'bad-answer' }] })
})

test.for<Fault['kind']>(['5xx', 'malformed-json', 'huge-body'])(
  'asks another replica after a failure: %s',
  async (kind) => {
    const { app, fleet } = await startParcel()
    await fleet.setFault('pigeon', { kind }, 0)
    for (let round = 0; round < 2; round++) {
      expect((await app.inject(QUOTES)).json<Quotes>().missing).toEqual([])
    }
  },
)

test('nobody in time is a 504 that names who was asked', async () => {
  const { app, fleet } = await startParcel({ QUOTE_DEADLINE_MS: '1000' })
  for (const name of CARRIER_NAMES) await fleet.setFault(name, { kind: 'blackhole' })
  const { value: response, tookMs } = await inVirtualTime(() => app.inject(QUOTES))
  expect(response.statusCode).toBe(504)
  expect(response.headers['content-type']).toMatch('application/problem+json')
  expect(response.json()).toEqual({
    type: 'about:blank',
    title: 'Gateway Timeout',
    status: 504,
    detail: 'No carrier answered in time',
    missing: CARRIER_NAMES.map((carrier) => ({ carrier, reason: 'timeout' })),
  })
  expect(tookMs).toBeLessThanOrEqual(1000)
})

test('nobody at all is a 503 that says when to come back, by the first carrier that will be there', async () => {
  const { app, fleet } = await startParcel({})
  for (const [index, name] of CARRIER_NAMES.entries())
    await fleet.setFault(name, { kind: '429', retryAfterS: 7 + index })
  const { value: response } = await inVirtualTime(() => app.inject(QUOTES))
  expect(response.statusCode).toBe(503)
  expect(response.headers).toMatchObject({ 'retry-after': '7' })
  expect(response.json()).toMatchObject({
    status: 503,
    missing: CARRIER_NAMES.map((carrier) => ({ carrier, reason: 'status-429' })),
  })
})

test('asks no twin of a replica that has said "not now"', async () => {
  const { app, fleet } = await startParcel({ QUOTE_DEADLINE_MS: '1000' })
  const quote = () => inVirtualTime(() => app.inject(QUOTES))
  const asked = () => {
    const { replicas } = fleet.stats().find(({ name }) => name === 'pigeon')!
    return replicas.reduce((sum, { started }) => sum + started, 0)
  }
  // The hedges' budget has to be earned, or there would be none anyway.
  for (let calls = 0; calls < 20; calls++) await quote()
  const before = asked()
  await fleet.setFault('pigeon', { kind: '429', retryAfterS: 7 })
  await quote()
  expect(asked() - before, 'the limit is the carrier’s: neither a retry nor a hedge gets round it').toBe(1)
})

test('answers by the caller’s deadline when that is the earlier one', async () => {
  const { app, fleet } = await startParcel({ CARRIER_ATTEMPTS: '1' })
  await fleet.setFault('pigeon', { kind: 'blackhole' })
  const { value: response, tookMs } = await inVirtualTime(() =>
    app.inject({ url: QUOTES, headers: { 'deadline-ms': '200' } }),
  )
  expect(response.statusCode).toBe(200)
  expect(response.json<Quotes>().missing).toContainEqual({ carrier: 'pigeon', reason: 'timeout' })
  expect(tookMs).toBeLessThanOrEqual(200)
})

test('asks nobody when the caller’s deadline has passed', async () => {
  const { app, fleet } = await startParcel()
  const response = await app.inject({ url: QUOTES, headers: { 'deadline-ms': '0' } })
  expect(response.statusCode).toBe(504)
  expect(fleet.stats().flatMap(({ replicas }) => replicas.map(({ started }) => started))).toEqual(Array(10).fill(0))
})

test('tells the carriers how long it will wait', async () => {
  const told: number[] = []
  const double = await startDouble((request, response) => {
    told.push(Number(request.headers['deadline-ms']))
    response.end('{ "cents": 590, "currency": "EUR", "days": 2 }')
  })
  const { app } = buildParcel([double])
  expect((await app.inject(QUOTES)).statusCode).toBe(200)
  expect(told).toHaveLength(1)
  expect(told[0]).toBeGreaterThan(0)
  expect(told[0]).toBeLessThanOrEqual(10_000)
})

test('a carrier that has run out of the time we gave it is a timeout, though it says so first', async () => {
  const { app } = buildParcel([await startDouble((_request, response) => response.writeHead(504).end())])
  const response = await app.inject(QUOTES)
  expect(response.json()).toMatchObject({ missing: [{ carrier: 'double', reason: 'timeout' }] })
})

test('a client that hangs up takes its calls to the carriers along, and is no mistake of ours', async () => {
  const { app, fleet, lines } = await startParcel()
  await fleet.setFault('albatross', { kind: 'blackhole' })
  const client = new Pool(await app.listen({ port: 0 }))
  onTestFinished(() => client.destroy())
  const inFlight = () => fleet.stats()[0]!.replicas.reduce((sum, replica) => sum + replica.inFlight, 0)

  const hangUp = new AbortController()
  const answer = client.request({ method: 'GET', path: QUOTES, signal: hangUp.signal })
  await vi.waitFor(() => expect(inFlight()).toBe(1), 10_000)
  hangUp.abort()
  await expect(answer).rejects.toThrow()
  await vi.waitFor(() => expect(inFlight()).toBe(0), 10_000)
  await vi.waitFor(() => expect(lines).toContainEqual(expect.objectContaining({ reason: 'cancelled' })), 10_000)
  expect(lines.filter(({ level }) => level === 50)).toEqual([])
})

test('a carrier that knows us by a secret is told it, and nobody else is', async () => {
  const told: [string, unknown][] = []
  const listening = (name: string, token?: string) =>
    startDouble((request, response) => {
      told.push([name, request.headers.authorization])
      response.end('{ "cents": 590, "currency": "EUR", "days": 2 }')
    }).then((double) => ({ ...double, name, ...(token && { token }) }))
  const { app, lines } = buildParcel([await listening('pigeon', 'swordfish'), await listening('swift')])
  expect((await app.inject({ url: QUOTES, headers: { authorization: 'Bearer of-the-customer' } })).statusCode).toBe(200)
  expect(told.toSorted()).toEqual([
    ['pigeon', 'Bearer swordfish'],
    ['swift', undefined],
  ])
  expect(JSON.stringify(lines)).not.toMatch('swordfish')
})
