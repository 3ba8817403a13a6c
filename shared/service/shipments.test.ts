import type { FastifyInstance } from 'fastify'
import { expect, test, vi } from 'vitest'
import type { Fault, Fleet } from '../carriers/fleet.ts'
import { buildParcel, inVirtualTime, startDouble, startParcel } from './harness.ts'

const order = { carrier: 'pigeon', from: 'Lisbon', to: 'Oslo', grams: 1200 }

const book = (app: FastifyInstance, key: string, body: object = order) =>
  app.inject({ method: 'POST', url: '/shipments', headers: { 'idempotency-key': key }, body })

const bookings = (fleet: Fleet) => fleet.stats().map(({ name, bookings }) => [name, bookings])
const onlyPigeon = [
  ['albatross', 0],
  ['kestrel', 0],
  ['pelican', 0],
  ['pigeon', 1],
  ['swift', 0],
]

test('books with the carrier, under an id by which the shipment is found again', async () => {
  const { app } = await startParcel()
  const response = await book(app, 'k-1')
  expect(response.statusCode).toBe(201)
  const shipment = response.json()
  expect(shipment).toEqual({
    ...order,
    id: expect.stringMatching(/^pigeon-./),
    cents: expect.any(Number),
    currency: 'EUR',
    days: expect.any(Number),
  })
  expect(response.headers.location).toBe(`/shipments/${shipment.id}`)

  const found = await app.inject(`/shipments/${shipment.id}`)
  expect(found.statusCode).toBe(200)
  expect(found.json()).toEqual({ ...shipment, status: 'booked' })
})

test('a place may have a hundred characters, whatever they are: Parcel and the carriers count alike', async () => {
  const { app } = await startParcel()
  for (const [index, letter] of ['x', '💥', '\u0301'].entries()) {
    const place = letter.repeat(100)
    expect((await book(app, `k-${index}`, { ...order, from: place })).statusCode).toBe(201)
    expect((await app.inject({ url: '/quotes', query: { from: place, to: 'Oslo', grams: '1' } })).statusCode).toBe(200)
  }
})

test('books once per key, and answers the same again', async () => {
  const { app, fleet } = await startParcel()
  const first = await book(app, 'k-1')
  const second = await book(app, 'k-1')
  expect(second.statusCode).toBe(201)
  expect(second.json()).toEqual(first.json())
  expect(bookings(fleet)).toEqual(onlyPigeon)
})

test('refuses a key that another parcel has used', async () => {
  const { app, fleet } = await startParcel()
  await book(app, 'k-1')
  const response = await book(app, 'k-1', { ...order, grams: 1300 })
  expect(response.statusCode).toBe(422)
  expect(response.json()).toMatchObject({ title: 'Unprocessable Entity', carrier: 'pigeon' })
  expect(bookings(fleet)).toEqual(onlyPigeon)
})

test.for<Fault>([
  { kind: '5xx' },
  { kind: 'refused' },
  // The worst of them: it is booked, and only the answer got lost.
  { kind: 'truncated-body' },
])('books once though one replica has the fault %o', async (fault) => {
  const { app, fleet } = await startParcel()
  await fleet.setFault('pigeon', fault, 0)
  expect((await book(app, 'k-1')).statusCode).toBe(201)
  expect((await book(app, 'k-1')).statusCode).toBe(201)
  expect(bookings(fleet)).toEqual(onlyPigeon)
})

test.for<[Fault, number, object]>([
  [{ kind: 'blackhole' }, 504, { reason: 'timeout' }],
  [{ kind: 'malformed-json' }, 502, { reason: 'bad-answer' }],
  [{ kind: 'huge-body' }, 502, { reason: 'too-large' }],
  [{ kind: 'refused' }, 503, { reason: 'refused' }],
  [{ kind: '429', retryAfterS: 9 }, 503, { reason: 'status-429' }],
])('a carrier with the fault %o is a %i', async ([fault, status, problem]) => {
  const { app, fleet } = await startParcel({})
  await fleet.setFault('pigeon', fault)
  const { value: response } = await inVirtualTime(() => book(app, 'k-1'))
  expect(response.json()).toMatchObject({ status, carrier: 'pigeon', ...problem })
  expect(response.statusCode).toBe(status)
  expect(response.headers['content-type']).toMatch('application/problem+json')
  const retryAfter = { 'status-429': '9', refused: '1' }[response.json().reason as string]
  expect(response.headers['retry-after']).toBe(retryAfter)
})

test('a shipment that its carrier does not know is a 404', async () => {
  const { app } = await startParcel()
  const response = await app.inject('/shipments/pigeon-4711')
  expect(response.statusCode).toBe(404)
  expect(response.json()).toMatchObject({ status: 404, carrier: 'pigeon' })
})

test('an id reaches the carrier as it is, whatever is in it', async () => {
  const { app, fleet } = await startParcel()
  expect((await app.inject('/shipments/pigeon-..%2Fquotes%3Ffrom=a')).statusCode).toBe(404)
  const started = fleet
    .stats()
    .map(({ name, replicas }) => [name, replicas.reduce((sum, { started }) => sum + started, 0)])
  expect(started).toContainEqual(['pigeon', 1])
})

test('reads a shipment from the other replica when one is dead', async () => {
  const { app, fleet } = await startParcel()
  const { id } = (await book(app, 'k-1')).json()
  await fleet.setFault('pigeon', { kind: 'refused' }, 0)
  for (let round = 0; round < 2; round++) {
    expect((await app.inject(`/shipments/${id}`)).statusCode).toBe(200)
  }
})

test('reads each booking back after the answer', async () => {
  const { app } = await startParcel()
  await book(app, 'k-1')
  await vi.waitFor(async () => {
    const { body } = await app.inject('/metrics')
    expect(body).toMatch('parcel_confirmations_total{outcome="confirmed"} 1')
  }, 10_000)
})

test('a shutdown does not wait for a dead carrier: what was not read back stands in the log', async () => {
  const double = await startDouble((request, response) => {
    // It books, and is never heard of again.
    if (request.method !== 'POST') return
    const offer = { cents: 590, currency: 'EUR', days: 2 }
    response.writeHead(201).end(JSON.stringify({ id: '1', from: 'Lisbon', to: 'Oslo', grams: 1200, ...offer }))
  })
  const { app, lines } = buildParcel([double])
  expect((await book(app, 'k-1', { ...order, carrier: 'double' })).statusCode).toBe(201)
  const { tookMs } = await inVirtualTime(() => app.close())
  expect(tookMs).toBeLessThan(5000)
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'booking not read back', id: '1', reason: 'shutdown' }))
})

test('a caller whose time is up gets a 504, and what is stopped for it is no mistake of ours', async () => {
  const { app, fleet, lines } = await startParcel()
  await fleet.setFault('pigeon', { kind: 'blackhole' })
  const url = '/shipments/pigeon-1'
  const { value: response } = await inVirtualTime(() => app.inject({ url, headers: { 'deadline-ms': '100' } }))
  expect(response.statusCode).toBe(504)
  await vi.waitFor(() =>
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'pigeon did not answer in time' })),
  )
  expect(lines.filter(({ level }) => level === 50)).toEqual([])
})

test('a carrier that does not know where to book talks nonsense, and not of a shipment', async () => {
  const { app } = buildParcel([await startDouble((_request, response) => response.writeHead(404).end())])
  const response = await book(app, 'k-1', { ...order, carrier: 'double' })
  expect(response.statusCode).toBe(502)
  expect(response.json()).toMatchObject({ carrier: 'double', reason: 'bad-answer' })
})
