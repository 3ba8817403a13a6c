import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import { FAULT_KINDS, type FleetOptions } from './fleet.ts'
import { openFleet, QUOTE } from './harness.ts'

async function openAdmin(options: FleetOptions = {}) {
  const opened = await openFleet(options)
  const admin = async (method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, body?: string, headers = {}) => {
    const answer = await request(opened.fleet.admin + path, { dispatcher: opened.client, method, body, headers })
    return { status: answer.statusCode, body: (await answer.body.json()) as any }
  }
  return { ...opened, admin }
}

test('a fault is switched live, in words or in JSON, for both replicas or for one', async () => {
  const { admin, fetchJson } = await openAdmin()
  const statuses = async () => [(await fetchJson(QUOTE)).status, (await fetchJson(QUOTE, { replica: 1 })).status]

  const { status, body } = await admin('PUT', '/carriers/pigeon/fault', '5xx')
  expect(status).toBe(200)
  expect(body).toMatchObject({ name: 'pigeon', replicas: [{ fault: { kind: '5xx', status: 503, rate: 1 } }, {}] })
  expect(await statuses()).toEqual([503, 503])
  expect((await fetchJson(QUOTE, { carrier: 'swift' })).status).toBe(200)

  await admin('PUT', '/carriers/pigeon/fault?replica=1', '{ "kind": "429", "retryAfterS": 3 }')
  expect(await statuses()).toEqual([503, 429])
  await admin('DELETE', '/carriers/pigeon/fault?replica=0')
  expect(await statuses()).toEqual([200, 429])
  await admin('DELETE', '/carriers/pigeon/fault')
  expect(await statuses()).toEqual([200, 200])
})

test('every fault can be switched on and off', async () => {
  const { admin, fetchJson } = await openAdmin()
  for (const kind of FAULT_KINDS) {
    const { body } = await admin('PUT', '/carriers/pigeon/fault', kind)
    expect(body.replicas.map(({ fault }: { fault: { kind: string } }) => fault.kind)).toEqual([kind, kind])
  }
  await admin('POST', '/reset')
  expect((await fetchJson(QUOTE)).status).toBe(200)
})

test('GET / tells the state, and POST /reset makes it that of the start', async () => {
  const { admin, fleet, book, fetchJson } = await openAdmin()
  const { body: atStart } = await admin('GET', '/')
  await book('key')
  await fleet.setFault('pigeon', { kind: '5xx' })
  await fetchJson(QUOTE)
  const { body: now } = await admin('GET', '/')
  expect(now.carriers).toEqual(JSON.parse(JSON.stringify(fleet.stats())))
  expect(now.carriers).not.toEqual(atStart.carriers)
  const { status, body: reset } = await admin('POST', '/reset')
  expect(status).toBe(200)
  expect(reset).toEqual(atStart)
  expect(await book('key')).toMatchObject({ status: 201, body: { id: '1' } })
})

test('POST /reset with a seed makes it that of a start with this seed', async () => {
  const { admin, fetchJson } = await openAdmin({ errorRate: 0.5, seed: 1 })
  const draws = async () => {
    const statuses: number[] = []
    while (statuses.length < 30) statuses.push((await fetchJson(QUOTE)).status)
    return statuses
  }
  const ofOne = await draws()
  await admin('POST', '/reset?seed=2')
  const ofTwo = await draws()
  expect(ofTwo).not.toEqual(ofOne)
  await admin('POST', '/reset')
  expect(await draws()).toEqual(ofTwo)
  await admin('POST', '/reset?seed=1')
  expect(await draws()).toEqual(ofOne)
})

describe('what does not exist is refused with what does:', () => {
  test.each([
    ['PUT', '/carriers/crow/fault', 'reset', 404, 'albatross, kestrel, pelican, pigeon, swift'],
    ['PUT', '/carriers/pigeon/fault', 'sloth', 400, 'blackhole, slow-headers'],
    ['PUT', '/carriers/pigeon/fault', '', 400, 'blackhole, slow-headers'],
    ['PUT', '/carriers/pigeon/fault', '{', 400, '"kind"'],
    ['PUT', '/carriers/pigeon/fault?replica=2', 'reset', 404, 'it has 0 and 1'],
    ['PUT', '/carriers/pigeon/fault?replica=', 'reset', 404, 'it has 0 and 1'],
    ['DELETE', '/carriers/crow/fault', undefined, 404, 'pigeon'],
    ['POST', '/carriers/pigeon/fault', 'reset', 404, 'PUT or DELETE /carriers/:name/fault'],
    ['GET', '/reset', undefined, 404, 'POST /reset'],
    ['POST', '/reset?seed=x', undefined, 400, 'expected a whole number'],
    ['POST', '/reset?seed=', undefined, 400, 'expected a whole number'],
    ['GET', '/nowhere', undefined, 404, 'POST /reset'],
  ] as const)('%s %s %s', async (method, path, text, status, message) => {
    const { admin, fleet } = await openAdmin()
    const before = fleet.stats()
    expect(await admin(method, path, text)).toEqual({ status, body: { error: expect.stringContaining(message) } })
    expect(fleet.stats()).toEqual(before)
  })
})

describe('callers from elsewhere', () => {
  test.each([
    { host: 'evil.example' },
    { host: '127.0.0.1.evil.example' },
    { host: '127.0.0.1@evil.example' },
    { origin: 'http://evil.example' },
    { origin: 'http://localhost.evil.example:3000' },
    { origin: 'null' },
  ])('are refused: %j', async (headers) => {
    const { admin, fleet } = await openAdmin()
    expect((await admin('PUT', '/carriers/pigeon/fault', 'reset', headers)).status).toBe(403)
    expect((await admin('GET', '/', undefined, headers)).status).toBe(403)
    expect(fleet.stats().every(({ replicas }) => replicas.every(({ fault }) => fault === null))).toBe(true)
  })

  test.each([{ host: 'localhost:1' }, { host: '[::1]:1' }, { origin: 'http://localhost:3000' }])(
    'are not those of this machine: %j',
    async (headers) => {
      const { admin } = await openAdmin()
      expect((await admin('GET', '/', undefined, headers)).status).toBe(200)
    },
  )
})
