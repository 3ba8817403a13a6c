import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { eventually } from '../testing/outcome.ts'
import { CARRIER_NAMES } from './fleet.ts'
import { openFleet, PARCEL, QUOTE } from './harness.ts'

describe('quotes', () => {
  test('each carrier has its own price, which its replicas share and no seed changes', async () => {
    const [one, other] = [await openFleet({ seed: 1 }), await openFleet({ seed: 2 })]
    const prices = new Set<number>()
    for (const carrier of CARRIER_NAMES) {
      const { status, body } = await one.fetchJson(QUOTE, { carrier })
      expect(status).toBe(200)
      expect(body).toEqual({ carrier, cents: expect.any(Number), currency: 'EUR', days: expect.any(Number) })
      expect((await other.fetchJson(QUOTE, { carrier, replica: 1 })).body).toEqual(body)
      prices.add(body.cents)
    }
    expect(prices.size).toBe(CARRIER_NAMES.length)
  })

  test('there and back cost the same, and next door is the cheapest', async () => {
    const { fetchJson } = await openFleet()
    const priceOf = async (carrier: string, from: string, to: string) =>
      (await fetchJson(`/quotes?from=${from}&to=${to}&grams=750`, { carrier })).body
    for (const carrier of CARRIER_NAMES) {
      const there = await priceOf(carrier, 'Oslo', 'Rome')
      expect(await priceOf(carrier, 'Rome', 'Oslo')).toEqual(there)
      expect((await priceOf(carrier, 'Oslo', 'Oslo')).cents).toBeLessThan(there.cents)
    }
  })

  test.each([
    ['from=Oslo&to=Rome', 'grams'],
    ['from=Oslo&to=Rome&grams=0', 'grams'],
    ['from=Oslo&to=Rome&grams=1.5', 'grams'],
    ['from=Oslo&to=Rome&grams=30001', 'grams'],
    ['from=Oslo&to=Rome&grams=heavy', 'grams'],
    ['from=Oslo&grams=5', 'to'],
    ['from=%20&to=Rome&grams=5', 'from'],
    [`from=Oslo&to=${'R'.repeat(101)}&grams=5`, 'to'],
  ])('?%s is a 400 that names %s', async (query, field) => {
    const { fetchJson } = await openFleet()
    const { status, body } = await fetchJson(`/quotes?${query}`)
    expect({ status, error: body.error }).toEqual({ status: 400, error: expect.stringMatching(`^${field}: expected`) })
  })
})

describe('bookings', () => {
  test('the same key and parcel give the same booking, on either replica and at the same time', async () => {
    const { book, fleet } = await openFleet()
    const answers = await Promise.all([0, 1, 0, 1, 0].map((replica) => book('one key', { replica })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 201])
    for (const { body } of answers) expect(body).toEqual({ ...answers[0]?.body, ...PARCEL, carrier: 'pigeon' })
    expect(fleet.stats().find(({ name }) => name === 'pigeon')?.bookings).toBe(1)
  })

  test('the same key with another parcel is a 422, and books nothing', async () => {
    const { book, fleet } = await openFleet()
    await book('key')
    expect((await book('key', { json: { ...PARCEL, grams: 751 } })).status).toBe(422)
    expect(fleet.stats().find(({ name }) => name === 'pigeon')?.bookings).toBe(1)
  })

  test('another carrier keeps its own keys; without a key every call books', async () => {
    const { book } = await openFleet()
    expect((await book('key')).status).toBe(201)
    expect((await book('key', { carrier: 'swift' })).status).toBe(201)
    const [one, other] = [await book(), await book()]
    expect([one.status, other.status]).toEqual([201, 201])
    expect(one.body.id).not.toBe(other.body.id)
  })

  test.each(['', '{', 'null', '[]', '{"from":"Oslo"}', JSON.stringify({ ...PARCEL, padding: 'x'.repeat(20_000) })])(
    'body %#, not a parcel, is a 400',
    async (body) => {
      const { fetchJson } = await openFleet()
      expect((await fetchJson('/bookings', { method: 'POST', body })).status).toBe(400)
    },
  )
})

describe('shipments', () => {
  test('are read from either replica, but not from another carrier', async () => {
    const { book, fetchJson } = await openFleet({ statusMs: 3_600_000 })
    const { body: booking, headers } = await book()
    for (const replica of [0, 1]) {
      const { status, body } = await fetchJson(String(headers.location), { replica })
      expect({ status, body }).toEqual({ status: 200, body: { ...booking, status: 'booked' } })
    }
    expect((await fetchJson(String(headers.location), { carrier: 'swift' })).status).toBe(404)
    expect((await fetchJson('/shipments/nothing/events')).status).toBe(404)
  })

  test('tell each event as it happens, and then stay on the line', async () => {
    const { book, call, fetchJson, statsOf } = await openFleet({ statusMs: 5, heartbeatMs: 10 })
    const { body: booking } = await book()
    const { headers, body } = await call(`/shipments/${booking.id}/events`)
    expect(headers['content-type']).toBe('text/event-stream')
    let text = ''
    body.on('data', (chunk) => (text += chunk))
    while (!text.includes('delivered') || !text.endsWith(': nothing new\n\n')) await once(body, 'data')
    const statuses = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '').status)
    expect(statuses).toEqual(['booked', 'collected', 'in-transit', 'out-for-delivery', 'delivered'])
    expect([...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id)).toEqual(['1', '2', '3', '4', '5'])
    expect((await fetchJson(`/shipments/${booking.id}`)).body.status).toBe('delivered')
    expect(statsOf('pigeon').inFlight).toBe(1)
    body.destroy()
    expect(await eventually(() => statsOf('pigeon').inFlight === 0)).toBe(true)
  })
})

test('the course of a shipment is seeded, and begins again after a reset', async () => {
  const courseOf = async ({ book, call }: Awaited<ReturnType<typeof openFleet>>) => {
    const { body: booking } = await book('key')
    const { body } = await call(`/shipments/${booking.id}/events`)
    let text = ''
    body.on('data', (chunk) => (text += chunk))
    while (!text.includes('delivered')) await once(body, 'data')
    body.destroy()
    return text
  }
  const [one, other] = [await openFleet({ seed: 1, statusMs: 10 }), await openFleet({ seed: 2, statusMs: 10 })]
  const course = await courseOf(one)
  expect(await courseOf(other)).not.toEqual(course)
  await one.fleet.reset()
  expect(await courseOf(one)).toEqual(course)
})

test('an unknown path or method is a 404 that names the routes', async () => {
  const { fetchJson } = await openFleet()
  for (const path of ['/', '//', '/quotes/', '/shipments', '/shipments/1/events/2']) {
    const { status, body } = await fetchJson(path)
    expect({ status, error: body.error }).toEqual({ status: 404, error: expect.stringContaining('GET /quotes') })
  }
  expect((await fetchJson(QUOTE, { method: 'DELETE' })).status).toBe(404)
})

test('a replica does not begin what nobody will wait for, and gives up when the wait is over', async () => {
  const { book, fleet } = await openFleet({ carriers: { swift: { latency: [{ percent: 100, ms: 60_000 }] } } })
  for (const ms of ['0', '-5']) {
    expect((await book('a', { headers: { 'deadline-ms': ms } })).status, ms).toBe(504)
  }
  expect((await book('b', { carrier: 'swift', headers: { 'deadline-ms': '5' } })).status).toBe(504)
  expect(fleet.stats().every(({ bookings }) => bookings === 0)).toBe(true)
  for (const ms of ['60000', 'soon', '']) {
    expect((await book(undefined, { headers: { 'deadline-ms': ms } })).status, ms).toBe(201)
  }
})
