import { json } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startDouble } from '../service/harness.ts'
import { Customers } from './customers.ts'
import type { Snapshot } from './ledger.ts'

type Options = ConstructorParameters<typeof Customers>[1]

async function customersOf(listener: Parameters<typeof startDouble>[0], options: Options = {}) {
  const { replicas } = await startDouble(listener)
  const customers = new Customers(replicas[0]!, { patienceMs: 60_000, ...options })
  onTestFinished(() => customers.leave())
  return customers
}

const until = (customers: Customers, condition: (now: Snapshot) => boolean) =>
  vi.waitUntil(() => condition(customers.ledger.snapshot()) && customers.ledger.snapshot(), 20_000)

const arrive = (customers: Customers, count = 1, dueAt = performance.now()) => {
  for (let i = 0; i < count; i++) customers.arrive('/quotes', dueAt)
}

test('counts what was answered in full and in part, and who was missing', async () => {
  const missing = [{ carrier: 'pigeon', reason: 'timeout' }]
  const customers = await customersOf((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ quotes: [], missing: request.url === '/part' ? missing : [] }))
  })
  arrive(customers, 3)
  for (let i = 0; i < 2; i++) customers.arrive('/part', performance.now())
  const now = await until(customers, ({ waiting }) => waiting === 0)
  expect(now.counts).toEqual({ sent: 5, ok: 3, partial: 2, failed: 0 })
  expect(now.missing).toEqual({ pigeon: { timeout: 2 } })
})

test('books what others only ask about, once for each key', async () => {
  const seen: unknown[] = []
  const customers = await customersOf(async (request, response) => {
    const { method, url, headers } = request
    seen.push([method, url, headers['idempotency-key'], await json(request)])
    response.writeHead(201).end()
  })
  customers.book('/quotes?from=Rome&to=Oslo&grams=500', performance.now(), 'pigeon', 'order-1')
  const { counts } = await until(customers, ({ waiting }) => waiting === 0)
  expect(counts).toEqual({ sent: 1, ok: 1, partial: 0, failed: 0 })
  const parcel = { carrier: 'pigeon', from: 'Rome', to: 'Oslo', grams: 500 }
  expect(seen).toEqual([['POST', '/shipments', 'order-1', parcel]])
})

test('counts failures by their kind, and who was missing in those', async () => {
  const customers = await customersOf((_request, response) => {
    response.writeHead(504, { 'content-type': 'application/problem+json' })
    response.end('{ "missing": [{ "carrier": "swift", "reason": "open" }] }')
  })
  arrive(customers, 3)
  const { counts, failures, missing } = await until(customers, ({ waiting }) => waiting === 0)
  expect(counts).toEqual({ sent: 3, ok: 0, partial: 0, failed: 3 })
  expect(failures).toEqual({ 'status 504': 3 })
  expect(missing).toEqual({ swift: { open: 3 } })
})

test('the time counts from when a customer was due', async () => {
  const customers = await customersOf((_request, response) => response.end('{}'))
  arrive(customers, 1, performance.now() - 5000)
  const { latency } = await until(customers, ({ waiting }) => waiting === 0)
  expect(latency.p50Ms).toBeGreaterThanOrEqual(5000)
})

test('who still waits counts with the time so far; who finds too many waiting has failed, and is not sent', async () => {
  let received = 0
  const customers = await customersOf(() => void received++, { maxWaiting: 10 })
  arrive(customers, 15, performance.now() - 3000)
  const { counts, waiting, failures, latency } = await until(customers, () => received === 10)
  expect({ counts, waiting }).toEqual({ counts: { sent: 15, ok: 0, partial: 0, failed: 5 }, waiting: 10 })
  expect(failures).toEqual({ 'not sent, as 10 wait': 5 })
  expect(latency.p50Ms).toBeGreaterThanOrEqual(3000)
  expect(received).toBe(10)
})

test('who insists goes away, asks again when told to, and counts once', async () => {
  const askedAtMs: number[] = []
  const insists = { patienceMs: 100, attempts: 3 }
  const customers = await customersOf((_request, response) => {
    askedAtMs.push(performance.now())
    if (askedAtMs.length === 1) return
    response.writeHead(askedAtMs.length === 2 ? 503 : 200, { 'retry-after': '1' }).end()
  })
  customers.arrive('/quotes', performance.now(), { insists })
  const { counts } = await until(customers, ({ waiting }) => waiting === 0)
  expect(counts, 'a customer is one, however often they ask').toEqual({ sent: 1, ok: 1, partial: 0, failed: 0 })
  expect(askedAtMs.length, 'nobody answered, a 503, an answer').toBe(3)
  const [late, refused] = [askedAtMs[1]! - askedAtMs[0]!, askedAtMs[2]! - askedAtMs[1]!]
  expect(late, 'ms, with a patience of 100, some of it on the way there').toBeGreaterThanOrEqual(50)
  expect(refused, 'ms, with a Retry-After of 1 s').toBeGreaterThanOrEqual(1000)
})

test('who insists gives up in the end, and at once when all leave', async () => {
  const customers = await customersOf(
    (_request, response) => void response.writeHead(503, { 'retry-after': '600' }).end(),
  )
  customers.arrive('/quotes', performance.now(), { insists: { patienceMs: 1000, attempts: 1 } })
  const { failures } = await until(customers, ({ waiting }) => waiting === 0)
  expect(failures).toEqual({ 'status 503': 1 })
  customers.arrive('/quotes', performance.now(), { insists: { patienceMs: 1000, attempts: 2 } })
  await vi.waitUntil(() => customers.ledger.waiting === 1)
  await customers.leave()
  await until(customers, ({ waiting }) => waiting === 0)
})

test('a customer goes away when patience is over', async () => {
  const customers = await customersOf(() => {}, { patienceMs: 100 })
  arrive(customers)
  const { failures } = await until(customers, ({ waiting }) => waiting === 0)
  expect(failures).toEqual({ 'gave up waiting': 1 })
})
