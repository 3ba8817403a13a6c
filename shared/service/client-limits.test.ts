import type { FastifyInstance } from 'fastify'
import { expect, test, vi } from 'vitest'
import { PATIENT } from '../testing/patient.ts'
import { startParcel } from './harness.ts'

const limited = { ...PATIENT, CLIENT_RATE: '1', CLIENT_BURST: '3', API_KEYS: 'web=sk-web,app=sk-app' }

const ask = async (app: FastifyInstance, url: string, headers: Record<string, string> = {}, remoteAddress?: string) => {
  const { statusCode } = await app.inject({ method: 'GET', url, headers, ...(remoteAddress && { remoteAddress }) })
  return statusCode
}
const asks = async (times: number, ...one: Parameters<typeof ask>) => {
  const statuses: number[] = []
  for (let i = 0; i < times; i++) statuses.push(await ask(...one))
  return statuses
}

test('without a rate nobody is limited, and nobody told of a limit', async () => {
  const { app } = await startParcel()
  expect(await asks(20, app, '/openapi.json')).toEqual(Array(20).fill(200))
  const { headers } = await app.inject({ method: 'GET', url: '/openapi.json' })
  expect(headers).not.toHaveProperty('ratelimit')
})

test('a client who asks too often is refused, and no other is', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const { app } = await startParcel(limited)
  expect(await asks(5, app, '/openapi.json', { 'x-api-key': 'sk-web' })).toEqual([200, 200, 200, 429, 429])
  expect(await asks(1, app, '/openapi.json', { 'x-api-key': 'sk-app' })).toEqual([200])
  // From its address it is somebody else, and what it has made up is nobody.
  expect(await asks(2, app, '/openapi.json', { 'x-api-key': 'sk-odd' })).toEqual([200, 200])
  expect(await asks(2, app, '/no/such/path')).toEqual([404, 429])
  const answer = await app.inject({ method: 'GET', url: '/quotes' })
  expect(answer.statusCode).toBe(429)
  expect(answer.headers).toMatchObject({
    'content-type': expect.stringMatching(/^application\/problem\+json/),
    'retry-after': '1',
    'x-request-id': expect.any(String),
  })
})

test('who probes or collects is not limited, and takes nothing', async () => {
  const { app } = await startParcel(limited)
  for (const url of ['/livez', '/readyz', '/metrics', '/livez?verbose']) {
    expect(await asks(5, app, url), url).toEqual(Array(5).fill(200))
  }
  expect(await ask(app, '/openapi.json')).toBe(200)
})

test('a proxy that is trusted says who has asked, and nobody else does', async () => {
  const { app } = await startParcel({ ...limited, TRUSTED_PROXIES: '10.0.0.0/8' })
  const from = (client: string, address: string) => ask(app, '/openapi.json', { 'x-forwarded-for': client }, address)
  for (let i = 0; i < 3; i++) expect(await from('192.0.2.1', '10.0.0.1')).toBe(200)
  expect(await from('192.0.2.1', '10.0.0.1')).toBe(429)
  expect(await from('192.0.2.2', '10.0.0.1'), 'another one behind the same proxy').toBe(200)
  for (let i = 0; i < 3; i++) expect(await from(`192.0.2.${i}`, '203.0.113.5')).toBe(200)
  expect(await from('192.0.2.9', '203.0.113.5'), 'somebody who makes up addresses').toBe(429)
})

test('the metrics tell how many, and not who', async () => {
  const { app } = await startParcel(limited)
  await asks(4, app, '/openapi.json', { 'x-api-key': 'sk-web' })
  const { body } = await app.inject({ method: 'GET', url: '/metrics' })
  expect(body).toContain('parcel_limit_decisions_total{by="process",allowed="true"} 3')
  expect(body).toContain('parcel_limit_decisions_total{by="process",allowed="false"} 1')
  expect(body).toContain('parcel_clients 1')
  expect(body).not.toContain('web')
})
