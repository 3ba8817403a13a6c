import type { RequestListener } from 'node:http'
import { text } from 'node:stream/consumers'
import { Pool, request } from 'undici'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startDouble } from '../service/harness.ts'
import { startBalancer } from './balancer.ts'

const PROBE_MS = 20

async function balancerFor(...listeners: RequestListener[]) {
  const balancer = await startBalancer(PROBE_MS)
  onTestFinished(() => balancer.close())
  const origins: string[] = []
  for (const listener of listeners) {
    const { replicas } = await startDouble(listener)
    origins.push(replicas[0]!)
    await balancer.add(replicas[0]!)
  }
  const client = new Pool(balancer.origin)
  onTestFinished(() => client.destroy())
  return { balancer, origins, client }
}

test('hands a request on as it is, and the answer too', async () => {
  const { client } = await balancerFor(async (received, response) => {
    if (received.url === '/readyz') return void response.end()
    const body = await text(received)
    const { method, url, headers } = received
    response.writeHead(201, { 'x-answer': 'yes', 'retry-after': '3' })
    response.end(JSON.stringify({ method, url, key: headers['idempotency-key'], body }))
  })
  const headers = { 'idempotency-key': 'k-1', 'content-type': 'application/json' }
  const answer = await client.request({ method: 'POST', path: '/shipments?a=1', headers, body: '{"grams":3}' })
  expect(answer.statusCode).toBe(201)
  expect(answer.headers).toMatchObject({ 'x-answer': 'yes', 'retry-after': '3' })
  expect(await answer.body.json()).toEqual({ method: 'POST', url: '/shipments?a=1', key: 'k-1', body: '{"grams":3}' })
})

test('tells the backend when the customer hangs up', async () => {
  let state = 'none'
  const { client } = await balancerFor((received, response) => {
    if (received.url === '/readyz') return void response.end()
    state = 'waits'
    response.once('close', () => (state = 'gone'))
  })
  const hangUp = new AbortController()
  const answer = client.request({ method: 'GET', path: '/', signal: hangUp.signal }).catch(() => 'hung up')
  await vi.waitUntil(() => state === 'waits', 10_000)
  hangUp.abort()
  expect(await answer).toBe('hung up')
  await vi.waitUntil(() => state === 'gone', 10_000)
})

test('takes turns among those who are ready, and says so when nobody is', async () => {
  let isReady = true
  const named =
    (name: string): RequestListener =>
    (received, response) =>
      response.writeHead(received.url === '/readyz' && name === 'b' && !isReady ? 503 : 200).end(name)
  const { balancer, origins, client } = await balancerFor(named('a'), named('b'))
  const ask = async () => (await client.request({ method: 'GET', path: '/' })).body.text()
  expect([await ask(), await ask(), await ask(), await ask()].toSorted()).toEqual(['a', 'a', 'b', 'b'])
  isReady = false
  await balancer.remove(origins[1]!)
  expect([await ask(), await ask()]).toEqual(['a', 'a'])

  const empty = await balancerFor()
  const { statusCode, body } = await request(empty.balancer.origin)
  await body.dump()
  expect(statusCode).toBe(503)
})
