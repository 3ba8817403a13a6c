import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { RenewedPool } from './renewed-pool.ts'

const LIMITS = { connections: 1, connectMs: 9000, headersMs: 9000, bodyMs: 9000, maxBytes: 1000 }

/** A server that counts its sockets, and a pool of them that is renewed each minute. */
async function start(respond = (response: ServerResponse) => void response.end('ok')) {
  let sockets = 0
  const server = createServer((_request, response) => respond(response)).listen(0, '127.0.0.1')
  server.on('connection', () => sockets++)
  await once(server, 'listening')
  const pool = new RenewedPool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, LIMITS, 60_000)
  onTestFinished(async () => {
    await pool.close().catch(() => {})
    await new Promise((resolve) => server.close(resolve))
  })
  const ask = async () => (await pool.current.request({ method: 'GET', path: '/' })).body.text()
  return { pool, ask, sockets: () => sockets }
}

test('a busy socket is used for a minute, and then another one, to where DNS points by then', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const { ask, sockets } = await start()
  for (let second = 0; second < 130; second += 2) {
    await ask()
    vi.advanceTimersByTime(2000)
  }
  expect(sockets(), 'one for each minute that has begun').toBe(3)
})

test('what is in flight in the old one ends well, and the end waits for it', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const waiting: ServerResponse[] = []
  const { pool, ask } = await start((response) => void waiting.push(response))
  const old = ask()
  await vi.waitFor(() => expect(waiting).toHaveLength(1))
  vi.advanceTimersByTime(60_000)
  const young = ask()
  await vi.waitFor(() => expect(waiting).toHaveLength(2))
  let isClosed = false
  const closed = pool.close().then(() => (isClosed = true))
  waiting[1]!.end('young')
  expect(await young).toBe('young')
  expect(isClosed, 'closed over a call that was still in flight').toBe(false)
  waiting[0]!.end('old')
  expect(await old).toBe('old')
  await closed
})
