import type { Backoff } from '#chapters/03-retry/backoff.ts'
import { RetryBudget } from '#chapters/03-retry/budget.ts'
import { requestWithRetry } from '#chapters/03-retry/http.ts'
import { isRepeatable } from '#chapters/03-retry/retryable.ts'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { Client, type Dispatcher } from 'undici'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { holdTheClock } from '../../shared/testing/clock.ts'
import { http } from '../../shared/testing/http.ts'
import { eventually, type Outcome, outcomeOf } from '../../shared/testing/outcome.ts'

// The sockets are real, the clock is not.
beforeEach(holdTheClock)

// undici's idle sockets keep timers of their own on the fake clock; they end with their client.
afterEach(() => {
  vi.useRealTimers()
})

/** How the promise ends, with virtual time going by, up to three seconds, for as long as it does not. */
async function ended<T>(promise: Promise<T>): Promise<Outcome<T>> {
  promise.catch(() => {})
  for (let i = 0; i < 30; i++) {
    const outcome = await outcomeOf(promise, 8)
    if (outcome.status !== 'pending') return outcome
    await vi.advanceTimersByTimeAsync(100)
  }
  return outcomeOf(promise, 8)
}

type Answer = (res: ServerResponse, req: IncomingMessage) => void

const ok: Answer = (res) => res.end('booked')
const unavailable: Answer = (res) => res.writeHead(503).end('not now')

/** A carrier that gives one answer after the other, a client that has a single connection to it, and what was seen. */
async function carrier(...answers: Answer[]) {
  const seen = {
    at: [] as number[],
    keys: [] as unknown[],
    accepted: [] as unknown[],
    bodies: [] as string[],
    connections: 0,
  }
  const server = http.createServer(async (req, res) => {
    seen.at.push(performance.now())
    seen.keys.push(req.headers['idempotency-key'])
    seen.accepted.push(req.headers.accept)
    const answer = answers[Math.min(seen.at.length, answers.length) - 1]!
    let body = ''
    for await (const chunk of req) body += chunk
    seen.bodies.push(body)
    answer(res, req)
  })
  server.on('connection', () => seen.connections++)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    await client.destroy()
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  return { client, seen }
}

const soon: { backoff: Backoff } = {
  backoff: function* () {
    for (;;) yield 100
  },
}

const succeeded = { status: 'fulfilled', value: { statusCode: 200 } }

describe('Step 7: Requests and their bodies', () => {
  test('sends the same idempotency key with each attempt', async () => {
    const { client, seen } = await carrier(unavailable, unavailable, ok)
    const headers = { accept: 'text/plain' }
    const request = { method: 'POST', path: '/bookings', headers, body: 'one parcel' } as const
    const outcome = await ended(requestWithRetry(client, { ...request, idempotencyKey: 'order-17' }, soon))
    expect(seen.keys, 'idempotency-key of each attempt: another key is another booking').toEqual([
      'order-17',
      'order-17',
      'order-17',
    ])
    expect(seen.bodies).toEqual(['one parcel', 'one parcel', 'one parcel'])
    expect(seen.accepted, "the caller's own header: the key comes on top").toEqual(Array(3).fill('text/plain'))
    expect(headers, "these are the caller's, who may use them for the next request").toEqual({ accept: 'text/plain' })
    expect(outcome).toMatchObject(succeeded)
  })

  test('hands its options on, and the signal as far as the request', async () => {
    const spent = new RetryBudget({ ratio: 0, minPerSecond: 0 })
    for (const [stoppedBy, options] of Object.entries({
      attempts: { maxAttempts: 1 },
      deadline: { deadline: performance.now() + 50 },
      budget: { budget: spent },
    })) {
      const { client } = await carrier(unavailable, ok)
      const outcome = await ended(requestWithRetry(client, { path: '/quotes' }, { ...soon, ...options }))
      expect(outcome, `it was given ${Object.keys(options)}, and goes by something else`).toMatchObject({
        status: 'rejected',
        reason: { stoppedBy },
      })
    }
    const { client, seen } = await carrier(() => {})
    const caller = new AbortController()
    const result = requestWithRetry(client, { path: '/quotes' }, { signal: caller.signal })
    result.catch(() => {})
    await eventually(() => seen.at.length === 1)
    const reason = new Error('the customer closed the tab')
    caller.abort(reason)
    expect(await outcomeOf(result), 'the carrier does not answer, and nobody waits: end the request').toEqual({
      status: 'rejected',
      reason,
    })
  })

  test('does not repeat a POST that has no key', async () => {
    const { client, seen } = await carrier(unavailable, ok)
    const outcome = await ended(
      requestWithRetry(client, { method: 'POST', path: '/bookings', body: 'one parcel' }, soon),
    )
    expect(seen.at.length, 'two parcels, one customer').toBe(1)
    expect(outcome).toMatchObject({ reason: { stoppedBy: 'not-repeatable', cause: { status: 503 } } })
  })

  test('does not repeat a request whose body is a stream that has been read', async () => {
    async function* generated() {
      yield 'a long '
      yield 'manifest'
    }
    for (const body of [Readable.from(['a long ', 'manifest']), generated()]) {
      const { client, seen } = await carrier(unavailable, ok)
      const outcome = await ended(
        requestWithRetry(client, { method: 'PUT', path: '/manifests/7', body: body as Readable }, soon),
      )
      expect(outcome, 'a stream can be read once; sent again, it is empty or an error').toMatchObject({
        status: 'rejected',
        reason: { stoppedBy: 'not-repeatable', cause: { status: 503 } },
      })
      expect(seen.bodies).toEqual(['a long manifest'])
    }
    const stream = new ReadableStream({ start: (controller) => controller.close() })
    expect(isRepeatable({ method: 'PUT', body: stream }), 'nobody has read it yet').toBe(true)
    await stream.getReader().read()
    expect(isRepeatable({ method: 'PUT', body: stream }), 'it has been read').toBe(false)
    expect(
      isRepeatable({ method: 'POST', idempotencyKey: 'order-17', body: stream }),
      'it has been read: a key makes the request harmless, and the stream no fuller',
    ).toBe(false)
    expect(isRepeatable({ method: 'PUT', body: 'a text' }), 'a text can be sent again and again').toBe(true)
  })

  test('reads a failed response to its end, so that its connection is free again', async () => {
    const { client, seen } = await carrier((res) => res.writeHead(503).end('x'.repeat(100_000)), ok)
    const outcome = await ended(requestWithRetry(client, { path: '/quotes' }, soon))
    expect(
      outcome,
      'a body that nobody reads holds its connection, and the next attempt waits for that one',
    ).toMatchObject(succeeded)
    expect(seen.connections, 'connections for two attempts: the first was in order').toBe(1)
    await client.destroy()
    await vi.advanceTimersByTimeAsync(600) // undici's own clock stops at its next tick
    expect(vi.getTimerCount(), 'the response was read, and the timer that would have closed it still runs').toBe(0)
  })

  test('does not read a failed response that has no end', async () => {
    const drip: Answer = (res) => {
      const timer = setInterval(() => res.write('.'), 50)
      res
        .once('close', () => clearInterval(timer))
        .writeHead(503)
        .write('.')
    }
    const flood: Answer = (res) => {
      const chunk = Buffer.alloc(65_536)
      const pour = () => {
        while (res.writable && res.write(chunk));
      }
      res.writeHead(503).on('drain', pour)
      pour()
    }
    for (const endless of [drip, flood]) {
      const { client } = await carrier(endless, ok)
      const outcome = await ended(requestWithRetry(client, { path: '/quotes' }, soon))
      expect(
        outcome,
        `the retry waits for the end of the ${endless.name}: a little of it is enough, then close`,
      ).toMatchObject(succeeded)
    }
  })

  test('makes an error of every refusal, with all that it said', async () => {
    for (const status of [400, 404]) {
      const wrong = await carrier((res) => res.writeHead(status, { 'x-reason': 'no such shipment' }).end('?'))
      const outcome = await ended(requestWithRetry(wrong.client, { path: '/shipments/7' }, soon))
      expect(outcome, 'a ResponseError, not a response that looks like any other').toMatchObject({
        status: 'rejected',
        reason: { name: 'ResponseError', status, headers: { 'x-reason': 'no such shipment' } },
      })
      expect(wrong.seen.at.length).toBe(1)
    }

    const busy = await carrier((res) => res.writeHead(429, { 'retry-after': '2' }).end(), ok)
    const response = (await ended(requestWithRetry(busy.client, { path: '/quotes' }, soon))) as {
      value: Dispatcher.ResponseData
    }
    expect(busy.seen.at[1]! - busy.seen.at[0]!, 'Retry-After was 2 s').toBeGreaterThanOrEqual(2_000)
    expect(await response.value.body.text(), "a success's body is the caller's").toBe('booked')
  })
})
