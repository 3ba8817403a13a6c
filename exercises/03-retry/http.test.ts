import type { Backoff } from '#chapters/03-retry/backoff.ts'
import { RetryBudget } from '#chapters/03-retry/budget.ts'
import { requestWithRetry } from '#chapters/03-retry/http.ts'
import { isRepeatable } from '#chapters/03-retry/retryable.ts'
import { getEventListeners, once } from 'node:events'
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

/** Answers with a status, and then a byte every 50 ms, for ever. */
const dripping =
  (status: number): Answer =>
  (res) => {
    const timer = setInterval(() => res.write('.'), 50)
    res
      .once('close', () => clearInterval(timer))
      .writeHead(status)
      .write('.')
  }
const silent: Answer = () => {}

const succeeded = { status: 'fulfilled', value: { statusCode: 200 } }

describe('Step 7: Requests and their bodies', () => {
  test('sends the same idempotency key with each attempt', async () => {
    const { client, seen } = await carrier(unavailable, unavailable, ok)
    const headers = { accept: 'text/plain', 'Idempotency-Key': 'of-the-day-before' }
    const request = { method: 'POST', path: '/bookings', headers, body: 'one parcel' } as const
    const outcome = await ended(requestWithRetry(client, { ...request, idempotencyKey: 'order-17' }, soon))
    expect(
      seen.keys,
      "idempotency-key of each attempt: another key is another booking, and two are none (the caller's headers had one, in other letters)",
    ).toEqual(['order-17', 'order-17', 'order-17'])
    expect(seen.bodies, 'the body of each attempt').toEqual(['one parcel', 'one parcel', 'one parcel'])
    expect(seen.accepted, "the caller's own header: the key comes on top").toEqual(Array(3).fill('text/plain'))
    expect(headers, "these are the caller's, who may use them for the next request").toEqual({
      accept: 'text/plain',
      'Idempotency-Key': 'of-the-day-before',
    })
    expect(outcome).toMatchObject(succeeded)
  })

  test('hands its options on, and the signal as far as the request', async () => {
    const spent = new RetryBudget({ ratio: 0, minPerSecond: 0 })
    for (const [options, ends] of [
      [{ maxAttempts: 1 }, { stoppedBy: 'attempts' }],
      [{ deadline: performance.now() + 50 }, { stoppedBy: 'deadline' }],
      [{ budget: spent }, { stoppedBy: 'budget' }],
      [{ isTransient: () => false }, { name: 'ResponseError' }],
    ] as const) {
      const { client } = await carrier(unavailable, ok)
      const outcome = await ended(requestWithRetry(client, { path: '/quotes' }, { ...soon, ...options }))
      expect(outcome, `it was given ${Object.keys(options)}, and goes by something else`).toMatchObject({
        status: 'rejected',
        reason: ends,
      })
    }
    const reason = new Error('the customer closed the tab')
    const mute = await carrier(silent)
    const caller = new AbortController()
    const result = requestWithRetry(mute.client, { path: '/quotes' }, { signal: caller.signal })
    result.catch(() => {})
    await eventually(() => mute.seen.at.length === 1)
    caller.abort(reason)
    expect(await outcomeOf(result), 'the carrier does not answer, and nobody waits: end the request').toEqual({
      status: 'rejected',
      reason,
    })

    const { client } = await carrier(dripping(200), ok)
    const reader = new AbortController()
    const drip = await ended(requestWithRetry(client, { path: '/quotes' }, { signal: reader.signal }))
    const { body } = (drip as { value: Dispatcher.ResponseData }).value
    const text = body.text()
    text.catch(() => {})
    reader.abort(reason)
    expect((await outcomeOf(text)).status, 'the caller has gone while it read the answer: the body goes on').toBe(
      'rejected',
    )

    const failed = await carrier(dripping(503))
    const leaver = new AbortController()
    const refused = requestWithRetry(failed.client, { path: '/quotes' }, { signal: leaver.signal })
    refused.catch(() => {})
    await eventually(() => failed.seen.at.length === 1)
    await outcomeOf(refused)
    leaver.abort(reason)
    expect(await outcomeOf(refused), 'the caller has gone while a 503 was read: nobody waits for the rest').toEqual({
      status: 'rejected',
      reason,
    })

    const { signal } = new AbortController()
    const again = await carrier(unavailable, (res) => res.destroy(), ok)
    const read = (await ended(requestWithRetry(again.client, { path: '/quotes' }, { ...soon, signal }))) as typeof drip
    await outcomeOf((read as { value: Dispatcher.ResponseData }).value.body.text())
    await eventually(() => getEventListeners(signal, 'abort').length === 0)
    expect(getEventListeners(signal, 'abort').length, 'listeners left on a signal that outlives the request').toBe(0)

    const unread = (await ended(requestWithRetry(client, { path: '/quotes' }, { signal }))) as typeof drip
    ;(unread as { value: Dispatcher.ResponseData }).value.body.on('error', () => {}).destroy()
    await eventually(() => getEventListeners(signal, 'abort').length === 0)
    expect(getEventListeners(signal, 'abort').length, 'listeners left, where the answer was closed unread').toBe(0)
  })

  test('does not repeat a POST that has no key', async () => {
    for (const idempotencyKey of [undefined, '']) {
      const { client, seen } = await carrier(unavailable, ok)
      const request = { method: 'POST', path: '/bookings', body: 'one parcel', idempotencyKey } as const
      const outcome = await ended(requestWithRetry(client, request, soon))
      expect(seen.at.length, `requests; idempotencyKey was ${idempotencyKey ?? "''"}: two parcels, one customer`).toBe(
        1,
      )
      expect(seen.keys, 'idempotency-key: an empty one is none').toEqual([undefined])
      expect(outcome, 'how it ended').toMatchObject({
        reason: { stoppedBy: 'not-repeatable', cause: { status: 503 } },
      })
    }
  })

  test('does not repeat a request whose body is a stream that has been read', async () => {
    async function* generated() {
      yield 'a long '
      yield 'manifest'
    }
    for (const [kind, body] of [
      ['a Readable', Readable.from(['a long ', 'manifest'])],
      ['a generator', generated()],
    ] as const) {
      const { client, seen } = await carrier(unavailable, ok)
      const outcome = await ended(
        requestWithRetry(client, { method: 'PUT', path: '/manifests/7', body: body as Readable }, soon),
      )
      expect(outcome, `the body is ${kind}, which can be read once; sent again, it is empty or an error`).toMatchObject(
        {
          status: 'rejected',
          reason: { stoppedBy: 'not-repeatable', cause: { status: 503 } },
        },
      )
      expect(seen.bodies, `what arrived of ${kind}`).toEqual(['a long manifest'])
    }
    const stream = new ReadableStream({ start: (controller) => controller.close() })
    expect(isRepeatable({ method: 'PUT', body: stream }), 'nobody has read it yet').toBe(true)
    const reader = stream.getReader()
    await reader.read()
    reader.releaseLock()
    expect(isRepeatable({ method: 'PUT', body: stream }), 'it has been read').toBe(false)
    const half = Readable.from(['a long ', 'manifest'])
    expect(isRepeatable({ method: 'PUT', body: half }), 'a Readable that nobody has read yet').toBe(true)
    await half[Symbol.asyncIterator]().next()
    expect(isRepeatable({ method: 'PUT', body: half }), 'half of it has been read, and the rest is no manifest').toBe(
      false,
    )
    expect(
      isRepeatable({ method: 'POST', idempotencyKey: 'order-17', body: stream }),
      'it has been read: a key makes the request harmless, and the stream no fuller',
    ).toBe(false)
    expect(isRepeatable({ method: 'PUT', body: 'a text' }), 'a text can be sent again and again').toBe(true)
  })

  test('reads a failed response to its end, so that its connection is free again', async () => {
    for (const status of [503, 404]) {
      const { client, seen } = await carrier((res) => res.writeHead(status).end('x'.repeat(100_000)), ok)
      const first = await ended(requestWithRetry(client, { path: '/quotes' }, soon))
      const outcome = status === 503 ? first : await ended(requestWithRetry(client, { path: '/quotes' }, soon))
      expect(
        outcome,
        `a ${status} whose body nobody reads holds its connection, and the next ${status === 503 ? 'attempt' : 'request'} waits for that one`,
      ).toMatchObject(succeeded)
      expect(seen.connections, `connections, the one after a ${status} included: the first was in order`).toBe(1)
      await client.destroy()
      await vi.advanceTimersByTimeAsync(600) // undici's own clock stops at its next tick
      expect(vi.getTimerCount(), 'the response was read, and the timer that would have closed it still runs').toBe(0)
    }
  })

  test('does not read a failed response that has no end', async () => {
    const flood: Answer = (res) => {
      const chunk = Buffer.alloc(65_536)
      const pour = () => {
        while (res.writable && res.write(chunk));
      }
      res.writeHead(503).on('drain', pour)
      pour()
    }
    for (const [name, endless] of Object.entries({ drip: dripping(503), flood })) {
      const { client } = await carrier(endless, ok)
      const outcome = await ended(requestWithRetry(client, { path: '/quotes' }, soon))
      expect(outcome, `the retry waits for the end of the ${name}: a second of it is enough, then close`).toMatchObject(
        succeeded,
      )
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
      expect(wrong.seen.at.length, `requests; the first was answered with ${status}`).toBe(1)
    }
    for (const status of [204, 304]) {
      const { client } = await carrier((res) => res.writeHead(status).end())
      const outcome = await ended(requestWithRetry(client, { path: '/quotes' }, soon))
      expect(outcome, `a ${status} is no refusal`).toMatchObject({ value: { statusCode: status } })
    }

    const told = { 'retry-after': '2' }
    const busy: Answer = (res) => res.writeHead(429, told).end()
    const broken: Answer = (res) =>
      res.writeHead(503, { ...told, 'content-length': 99 }).write('x', () => res.destroy())
    for (const [name, answer] of Object.entries({ busy, broken })) {
      const { client, seen } = await carrier(answer, ok)
      const outcome = await ended(requestWithRetry(client, { path: '/quotes' }, soon))
      expect(outcome, `the first answer was ${name}`).toMatchObject(succeeded)
      const waitedMs = seen.at[1]! - seen.at[0]!
      expect(
        waitedMs,
        `Retry-After was 2 s, in an answer that was ${name}: its head counts, also when its body breaks off`,
      ).toBeGreaterThanOrEqual(2_000)
      const { body } = (outcome as { value: Dispatcher.ResponseData }).value
      expect(await body.text(), "a success's body is the caller's").toBe('booked')
    }
  })
})

describe('Step 8: An end for each attempt', () => {
  test('ends an attempt that gets no answer, and makes another', async () => {
    for (const [options, attemptMs] of [
      [{ attemptMs: 500 }, 500],
      [{}, 10_000],
    ] as const) {
      const { client, seen } = await carrier(silent, ok)
      const result = requestWithRetry(client, { path: '/quotes' }, { ...soon, ...options })
      result.catch(() => {})
      await eventually(() => seen.at.length === 1)
      await vi.advanceTimersByTimeAsync(attemptMs - 10)
      await eventually(() => seen.at.length === 2, 3)
      expect(seen.at.length, `requests, when attemptMs (${attemptMs}) is not yet over`).toBe(1)
      await vi.advanceTimersByTimeAsync(10)
      expect(
        await ended(result),
        `the carrier says nothing, and attemptMs (${attemptMs}) is over: a TimeoutError, which is transient`,
      ).toMatchObject(succeeded)
    }
  })

  test('counts the wait for a connection, and not the time in which the answer is read', async () => {
    const { client, seen } = await carrier((res) => {
      res.writeHead(200).write('book')
      setTimeout(() => res.end('ed'), 2_000)
    })
    const slow = requestWithRetry(client, { path: '/quotes' }, { attemptMs: 500 })
    slow.catch(() => {})
    await eventually(() => seen.at.length === 1)
    const queued = await ended(requestWithRetry(client, { path: '/quotes' }, { attemptMs: 500, maxAttempts: 1 }))
    expect(
      queued,
      'the only connection is busy for 2 s, and attemptMs is 500: to wait in a queue is to wait',
    ).toMatchObject({ status: 'rejected', reason: { name: 'RetryError', cause: { name: 'TimeoutError' } } })
    const { value } = (await ended(slow)) as { value: Dispatcher.ResponseData }
    const text = value.body.text()
    text.catch(() => {})
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await outcomeOf(text), 'the answer came at once, and its body is the caller’s to read, for 2 s').toEqual({
      status: 'fulfilled',
      value: 'booked',
    })
  })

  test('does not outlast its deadline, whatever the carrier does', async () => {
    for (const [does, answer, cause] of [
      ['says nothing', silent, { name: 'TimeoutError' }],
      ['drips a 503', dripping(503), { name: 'ResponseError', status: 503 }],
    ] as const) {
      const { client } = await carrier(answer)
      const startedAt = performance.now()
      const result = requestWithRetry(client, { path: '/quotes' }, { ...soon, deadline: startedAt + 300 })
      const outcome = await ended(result)
      expect(outcome, `the carrier ${does}, and the deadline was 300 ms away`).toMatchObject({
        status: 'rejected',
        reason: { name: 'RetryError', stoppedBy: 'deadline', cause },
      })
      expect(performance.now() - startedAt, `milliseconds, where the carrier ${does}; there were 300`).toBeLessThan(500)
    }
  })

  test('does not send a request for which there is no time left', async () => {
    const { client, seen } = await carrier(ok)
    const booking = { method: 'POST', path: '/bookings', idempotencyKey: 'order-17' } as const
    const outcome = await ended(requestWithRetry(client, booking, { deadline: performance.now() }))
    expect(seen.at.length, 'requests: the deadline had passed, and nobody will read the answer').toBe(0)
    expect(outcome, 'how it ended').toMatchObject({
      status: 'rejected',
      reason: { name: 'RetryError', stoppedBy: 'deadline', cause: { name: 'TimeoutError' } },
    })
  })
})
