import { json } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startDouble } from '../service/harness.ts'
import { Orders } from './orders.ts'

async function ordersOf(listener: Parameters<typeof startDouble>[0]) {
  const { replicas } = await startDouble(listener)
  const orders = new Orders(replicas[0]!)
  onTestFinished(() => orders.leave())
  return orders
}

test('each is booked under a key of its own, by somebody who is content with a 202, and with nothing less', async () => {
  const seen: unknown[] = []
  const orders = await ordersOf(async (request, response) => {
    const { method, url, headers } = request
    seen.push([method, url, headers.prefer, headers['idempotency-key'], await json(request)])
    response.writeHead(seen.length % 2 === 0 ? 503 : 202).end('{}')
  })
  await orders.heap(() => false)
  expect(seen.length).toBeGreaterThanOrEqual(100)
  const parcel = { carrier: 'pigeon', from: 'Lisbon', to: 'Oslo', grams: 1200 }
  expect(seen[0]).toEqual(['POST', '/shipments', 'respond-async', 'promise-0', parcel])
  expect(new Set(seen.map((each) => (each as string[])[3])).size, 'keys').toBe(seen.length)
  await vi.waitUntil(() => seen.length === 150 && orders.promised === 75, 20_000)
  orders.forget()
  expect(orders.promised).toBe(0)
})

test('in the middle of a heap is when a third is promised, when somebody says so, or when all are refused', async () => {
  let status = 202
  const orders = await ordersOf((_request, response) => void response.writeHead(status).end('{}'))
  expect(await orders.heap(() => false)).toBe(true)
  expect(orders.promised).toBeGreaterThanOrEqual(50)
  expect(await orders.heap(() => true), 'before anybody has answered').toBe(true)
  status = 503
  expect(await orders.heap(() => false)).toBe(true)
  const stopped = orders.heap(() => (orders.stop(), false))
  expect(await stopped, 'nobody is to be killed for it any more').toBe(false)
})

test('lost is what is new to the carrier', async () => {
  const orders = await ordersOf((_request, response) => void response.writeHead(202).end('{}'))
  await orders.heap(() => false)
  await vi.waitUntil(() => orders.promised === 150, 20_000)
  const asked: string[] = []
  const { replicas } = await startDouble((request, response) => {
    const key = String(request.headers['idempotency-key'])
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(key.endsWith('7') ? 201 : 200).end('{}')
  })
  expect(await orders.lost(replicas[0]!)).toBe(15)
  expect([asked.length, asked[0]]).toEqual([150, 'POST /bookings'])
})
