import { connect } from 'node:net'
import type { InjectOptions } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { buildParcel, inVirtualTime, say, startDouble } from './harness.ts'

const carriers = [{ name: 'pigeon', replicas: ['http://127.0.0.1:9'] }]
const json = { 'content-type': 'application/json', 'idempotency-key': 'k-1' }
const body = { carrier: 'pigeon', from: 'Lisbon', to: 'Oslo', grams: 1200 }
const booking = (changes: object): InjectOptions => ({
  method: 'POST',
  url: '/shipments',
  headers: json,
  body: { ...body, ...changes },
})

const cases: [name: string, request: InjectOptions, status: number, detail: RegExp][] = [
  ['no such route', { url: '/parcels' }, 404, /GET \/parcels/],
  ['no such method', { method: 'DELETE', url: '/quotes' }, 405, /DELETE \/quotes/],
  ['a path that is not one', { url: '/shipments/%E0%A4%A' }, 400, /%E0%A4%A/],
  ['an endless id', { url: `/shipments/pigeon-${'1'.repeat(200)}` }, 414, /max param length/],
  ['quotes: a place missing', { url: '/quotes?from=Lisbon&grams=1' }, 400, /querystring.*'to'/],
  ['quotes: a blank place', { url: '/quotes?from=%20&to=Oslo&grams=1' }, 400, /querystring\/from/],
  ['quotes: a place twice', { url: '/quotes?from=Lisbon&from=Rome&to=Oslo&grams=1' }, 400, /querystring\/from/],
  ['quotes: no grams', { url: '/quotes?from=Lisbon&to=Oslo&grams=' }, 400, /querystring\/grams/],
  ['quotes: half a gram', { url: '/quotes?from=Lisbon&to=Oslo&grams=0.5' }, 400, /querystring\/grams/],
  ['quotes: nothing to carry', { url: '/quotes?from=Lisbon&to=Oslo&grams=0' }, 400, /querystring\/grams/],
  ['quotes: too heavy', { url: '/quotes?from=Lisbon&to=Oslo&grams=30001' }, 400, /querystring\/grams/],
  ['quotes: endlessly heavy', { url: '/quotes?from=Lisbon&to=Oslo&grams=Infinity' }, 400, /querystring\/grams/],
  ['quotes: a place too long', { url: `/quotes?from=${'x'.repeat(101)}&to=Oslo&grams=1` }, 400, /querystring\/from/],
  ['booking: a place too long', booking({ to: '💥'.repeat(101) }), 400, /body\/to/],
  ['booking: no key', { ...booking({}), headers: {} }, 400, /headers.*idempotency-key/],
  [
    'booking: a key with a space',
    { ...booking({}), headers: { 'idempotency-key': 'k 1' } },
    400,
    /headers\/idempotency-key/,
  ],
  [
    'booking: an endless key',
    { ...booking({}), headers: { 'idempotency-key': 'k'.repeat(129) } },
    400,
    /headers\/idempotency-key/,
  ],
  ['booking: no such carrier', booking({ carrier: 'stork' }), 400, /"stork".*pigeon/],
  ['booking: grams as text', booking({ grams: '1200' }), 400, /body\/grams/],
  ['booking: grams as a yes', booking({ grams: true }), 400, /body\/grams/],
  ['booking: no JSON', { method: 'POST', url: '/shipments', headers: json, body: '{ "carrier": ' }, 400, /JSON/],
  ['booking: nothing', { method: 'POST', url: '/shipments', headers: json }, 400, /body/i],
  [
    'booking: not JSON',
    { ...booking({}), headers: { ...json, 'content-type': 'text/xml' }, body: '<parcel/>' },
    415,
    /media type/i,
  ],
  ['booking: too long', booking({ from: 'x'.repeat(20_000) }), 413, /longer than 16384/],
  ['a shipment of no carrier', { url: '/shipments/stork-1' }, 404, /stork-1/],
  ['a shipment without a carrier', { url: '/shipments/1' }, 404, /"1"/],
  ['a shipment of a way up', { url: '/shipments/pigeon-..' }, 404, /"pigeon-\.\."/],
  ['events of no carrier', { url: '/shipments/stork-1/events' }, 404, /stork-1/],
]

test.for(cases)('%s', async ([, request, status, detail]) => {
  const { app } = buildParcel(carriers)
  const response = await app.inject(request)
  expect(response.json()).toMatchObject({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: expect.stringMatching(detail),
  })
  expect(response.statusCode).toBe(status)
  expect(response.headers['content-type']).toMatch('application/problem+json')
})

test.for([
  ['an error', new Error('the password is swordfish')],
  ['a text', 'swordfish'],
  ['nothing', undefined],
])('a bug that throws %s is a 500 that gives nothing away, and a line in the log', async ([, thrown]) => {
  const { app, lines } = buildParcel(carriers)
  app.get('/bug', async () => {
    throw thrown
  })
  const response = await app.inject('/bug')
  expect(response.statusCode).toBe(500)
  expect(response.headers['content-type']).toMatch('application/problem+json')
  expect(response.body).not.toMatch('swordfish')
  const [, requestId] = /under request (\S+)$/.exec(response.json().detail) ?? []
  expect(lines).toContainEqual(expect.objectContaining({ level: 50, reqId: requestId }))
})

test('a bug on the way to a carrier is ours and not the carrier’s: a 500, or an `error` among the quotes', async () => {
  const { app, lines } = buildParcel([{ name: 'pigeon', replicas: [] }])
  expect((await app.inject('/shipments/pigeon-1')).statusCode).toBe(500)
  const { missing } = (await app.inject('/quotes?from=Lisbon&to=Oslo&grams=1200')).json()
  expect(missing).toEqual([{ carrier: 'pigeon', reason: 'error' }])
  expect(lines.filter(({ level }) => level === 50)).toHaveLength(2)
})

test('a handler that takes too long is a 504', async () => {
  const { app } = buildParcel(carriers, { HANDLER_MS: '2000' })
  app.get('/slow', () => new Promise(() => {}))
  const { value: response, tookMs } = await inVirtualTime(() => app.inject('/slow'))
  expect(response.json()).toMatchObject({ status: 504, title: 'Gateway Timeout' })
  expect(response.headers['content-type']).toMatch('application/problem+json')
  expect(tookMs).toBeGreaterThanOrEqual(2000)
})

describe('what is too broken to be a request', () => {
  test.for([
    ['no HTTP at all', 'GIMME QUOTES\r\n\r\n', 400],
    ['no host', 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['two hosts', 'GET /livez HTTP/1.1\r\nhost: parcel\r\nHost: parcel\r\nconnection: close\r\n\r\n', 400],
    ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n', 405],
    ['a wish', 'GET /livez HTTP/1.1\r\nhost: parcel\r\nconnection: close\r\nexpect: a miracle\r\n\r\n', 417],
    ['endless headers', `GET /livez HTTP/1.1\r\nhost: parcel\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const)('%s', async ([, bytes, status]) => {
    const [head, body] = (await say(buildParcel(carriers).app, bytes)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(head).toMatch(/^content-type: application\/problem\+json/im)
    expect(JSON.parse(body!)).toMatchObject({ status })
  })

  test('behind a stream that has begun: the stream breaks, and has no other answer in the middle', async () => {
    const double = await startDouble((_request, response) => void response.write(': hello\n\n'))
    const { app } = buildParcel([double])
    const { port } = new URL(await app.listen({ port: 0 }))
    const socket = connect(Number(port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.write('GET /shipments/double-1/events HTTP/1.1\r\nhost: parcel\r\n\r\n')
    let heard = ''
    for await (const chunk of socket) {
      heard += chunk
      if (heard.endsWith(': hello\n\n\r\n')) socket.write('GIMME QUOTES\r\n\r\n')
    }
    expect(heard.match(/HTTP\/1.1/g)).toHaveLength(1)
  })
})
