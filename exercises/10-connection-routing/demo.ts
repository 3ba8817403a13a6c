// npm run demo 10: marketing prints a price list, and ten customers book meanwhile. The carrier is well. The router is
// yours.
import { ConnectionRouter } from '#chapters/10-connection-routing/router.ts'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Dispatcher } from 'undici'
import { sleep } from '../../shared/core/sleep.ts'

const QUOTES = 160
const QUOTE_MS = 250
const BOOKINGS = 10
const BOOKING_MS = 5
const EVERY_MS = 300
const PATIENCE_MS = 1000
const SOCKETS = 8

let sockets = 0
const carrier = createServer(async (request, response) => {
  await sleep(request.url === '/quotes' ? QUOTE_MS : BOOKING_MS)
  response.end('done')
}).on('connection', () => sockets++)
await once(carrier.listen(0, '127.0.0.1'), 'listening')

const router = new ConnectionRouter({
  upstreams: {
    pigeon: {
      origin: `http://127.0.0.1:${(carrier.address() as AddressInfo).port}`,
      sockets: SOCKETS,
      closesIdleMs: 5000,
      fallback: { connections: 1 },
    },
  },
  // It is well, and beside us: if it takes a second to open a socket, it is this machine that is busy.
  routes: [
    { upstream: 'pigeon', priority: 'critical', connections: 2, connectMs: 60_000 },
    { upstream: 'pigeon', priority: 'batch', connections: 5, connectMs: 60_000, queue: QUOTES, queueMs: 60_000 },
  ],
})

const ask = (path: string) => async (dispatcher: Dispatcher, signal: AbortSignal) => {
  const { body } = await dispatcher.request({ method: 'GET', path, signal })
  await body.text()
}

console.log(`A carrier that is well: a quote takes ${QUOTE_MS} ms, a booking ${BOOKING_MS}. Parcel`)
console.log(`has ${SOCKETS} sockets to it. Marketing asks for ${QUOTES} quotes, ten customers book,`)
console.log('one after the other, and wait for a second each.\n')

const startedAt = performance.now()
const elapsedMs = () => Math.round(performance.now() - startedAt)
const sheet = Promise.all(
  Array.from({ length: QUOTES }, () =>
    router.run({ upstream: 'pigeon', priority: 'batch', idempotent: true }, ask('/quotes')),
  ),
).then(() => console.log(`\nThe price list is printed after ${(elapsedMs() / 1000).toFixed(1)} s.`))

async function book(number: number): Promise<void> {
  await sleep(number * EVERY_MS)
  const cameAt = elapsedMs()
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const outcome = await router
    .run({ upstream: 'pigeon', priority: 'critical', idempotent: false }, ask('/bookings'), signal)
    .then(
      () => 'booked',
      () => 'gave up',
    )
  const tookMs = elapsedMs() - cameAt
  const bar = '█'.repeat(Math.min(40, Math.max(1, Math.round((40 * tookMs) / PATIENCE_MS))))
  console.log(`booking ${String(number).padStart(2)}: ${outcome} after ${String(tookMs).padStart(4)} ms ${bar}`)
}

await Promise.all(Array.from({ length: BOOKINGS }, (_, index) => book(index + 1)))
await sheet
console.log(`The carrier has seen ${sockets} sockets, and was never busy.`)
await router.close({ timeoutMs: 1000 })
carrier.close()
