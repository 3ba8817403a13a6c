import { type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type Deadline, msUntil } from '../../shared/core/deadline.ts'
import { TimeoutError } from '../../shared/core/errors.ts'
import { elapse, holdTheClock } from '../../shared/testing/clock.ts'
import { limited } from '../../shared/testing/limited-server.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

const whichClock = 'is it on the global setTimeout and performance.now(), which are what the tests turn?'

// The sockets are real, the clock is not: a limit passes when a test says so.
beforeEach(holdTheClock)

describe('Step 6: The other side: a server with limits', () => {
  test('answers 504 when the handler takes too long, and stops its work', async () => {
    const { get, entered } = await limited({ handlerMs: 200 })
    const result = outcomeOf(get('/slow'))
    const { abortSignal } = await entered()
    await vi.advanceTimersByTimeAsync(200)
    expect(await result, `handlerMs is over and the client still waits: ${whichClock}`).toMatchObject({
      value: { status: 504 },
    })
    expect(abortSignal.aborted, 'the client has its 504, but the handler works on').toBe(true)
    expect(abortSignal.reason).toBeInstanceOf(TimeoutError)
  })

  test('waits no longer than its caller does', async () => {
    const { get, entered } = await limited({ handlerMs: 10_000 })
    const result = outcomeOf(get('/slow', { headers: { 'deadline-ms': '150' } }))
    const { deadline } = await entered()
    expect(msUntil(deadline), 'request.deadline: what the caller sent, or handlerMs if that is earlier').toBeCloseTo(
      150,
    )
    await vi.advanceTimersByTimeAsync(150)
    expect(await result, 'the deadline that came with the request is over').toMatchObject({ value: { status: 504 } })
  })

  test('limits what comes before the handler, too', async () => {
    const asked = vi.fn()
    const { get } = await limited({ handlerMs: 200 }, (app) => {
      // A hook like any plugin's, which waits for somebody who says nothing.
      app.addHook('onRequest', () => {
        asked()
        return new Promise(() => {})
      })
    })
    const result = outcomeOf(get('/slow'))
    await eventually(() => asked.mock.calls.length > 0)
    await vi.advanceTimersByTimeAsync(200)
    expect(await result, 'a hook hangs, and the limit begins after it: the time runs from the headers').toMatchObject({
      value: { status: 504 },
    })
  })

  test('does not run a handler for whom nobody waits', async () => {
    const handler = vi.fn(async () => 'done')
    const { get } = await limited({}, (app) => app.get('/work', () => handler()))
    const result = await outcomeOf(get('/work', { headers: { 'deadline-ms': '0' } }))
    expect(handler.mock.calls.length, 'runs of a handler whose deadline had passed on arrival').toBe(0)
    expect(result, 'the deadline had passed on arrival').toMatchObject({ value: { status: 504 } })
  })

  test('stops the work of a client that hangs up, and of no other', async () => {
    const working: FastifyRequest[] = []
    const home = Promise.withResolvers<string>()
    const { get } = await limited({}, (app) => {
      app.post('/work', (request) => {
        working.push(request)
        return home.promise
      })
    })
    const body = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"grams":500}' } as const
    const client = new AbortController()
    const left = outcomeOf(get('/work', { ...body, signal: client.signal }))
    await eventually(() => working.length === 1)
    const stayed = outcomeOf(get('/work', body))
    await eventually(() => working.length === 2)

    client.abort()
    await left
    const signal = working[0]?.abortSignal
    const stopped = await eventually(() => signal?.aborted === true)
    expect(stopped, 'the client hung up (after its body had been read); whom does the handler work for?').toBe(true)
    expect(signal?.reason, 'a client that hangs up is not a timeout').not.toBeInstanceOf(TimeoutError)
    expect(working[1]?.abortSignal.aborted, 'another client stayed, and its work was stopped too').toBe(false)
    home.resolve('done')
    expect(await stayed).toMatchObject({ value: { status: 200, body: 'done' } })
  })

  test('does not mistake a normal end for a client that hung up', async () => {
    const { get } = await limited({ handlerMs: 200 }, (app) => {
      app.post('/echo', async (request) => {
        // By now the request's body has been read to its end, which is when the request (!) emits `close`.
        const atOnce = request.abortSignal.aborted
        queueMicrotask(() => requests.push(request))
        await eventually(() => false, 5)
        return { aborted: atOnce || request.abortSignal.aborted }
      })
    })
    const requests: FastifyRequest[] = []
    const headers = { 'content-type': 'application/json' }
    const reply = await get('/echo', { method: 'POST', headers, body: '{"grams":500}' })
    expect(reply, "aborted while the handler worked: is it the request's close that you listen to?").toEqual({
      status: 200,
      body: '{"aborted":false}',
    })
    await eventually(() => false, 5)
    expect(requests[0]?.abortSignal.aborted, 'aborted by a normal end').toBe(false)
    expect(msUntil(requests[0]!.deadline), 'the handler had a deadline').toBeLessThanOrEqual(200)
    await vi.advanceTimersByTimeAsync(200)
    expect(requests[0]?.abortSignal.aborted, 'aborted by a timer that nobody stopped').toBe(false)
  })

  test('leaves nothing on a connection that serves many requests', async () => {
    const { speak } = await limited({}, (app) => {
      app.get('/work', async ({ deadline, raw: { socket } }) => {
        const names = socket.eventNames()
        seen.push({ deadline, listeners: names.reduce((sum, name) => sum + socket.listenerCount(name), 0), socket })
        return 'done'
      })
    })
    const seen: { deadline: Deadline; listeners: number; socket: Socket }[] = []
    const request = 'GET /work HTTP/1.1\r\nhost: parcel\r\n\r\n'
    const [socket] = speak(request)
    for (let served = 1; served < 10; served++) {
      await eventually(() => seen.length === served)
      socket.write(request)
    }
    await eventually(() => seen.length === 10)
    expect(new Set(seen.map(({ socket }) => socket)).size, 'all ten came on one connection').toBe(1)
    expect(
      seen.every(({ deadline }) => deadline < Infinity),
      'each request has a deadline',
    ).toBe(true)
    const [, second] = seen
    expect(seen.at(-1)?.listeners, 'listeners on the socket at the tenth request, as many as at the second').toBe(
      second?.listeners,
    )
    await eventually(() => false, 5)
    expect(vi.getTimerCount(), 'all are answered: a timer still runs for one of them').toBe(0)
  })
})

const post = 'POST /slow HTTP/1.1\r\nhost: parcel\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n'

describe('Step 8: Bodies that stall, streams that live', () => {
  test('cuts off a request body that stalls between two chunks, or never begins', async () => {
    const { speak } = await limited({ bodyChunkMs: 100 })
    const chunked = post.replace('content-length: 13', 'transfer-encoding: chunked')
    for (const [said, bytes] of Object.entries({
      'stalls after five bytes': post + '{"gra',
      'never begins': post,
      'never says how long it is, and stalls': chunked + '5\r\n{"gra\r\n',
    })) {
      const [socket, closed] = speak(bytes)
      await eventually(() => socket.bytesWritten >= bytes.length)
      await elapse(200)
      const outcome = await outcomeOf(closed)
      expect(outcome.status, `bodyChunkMs is over, and the connection is still open: the body ${said}`).toBe(
        'fulfilled',
      )
      expect(
        outcome,
        `it was closed without a word: the client whose body ${said} should hear a 408, and that the connection ends`,
      ).toEqual({
        status: 'fulfilled',
        value: expect.stringMatching(/^HTTP\/1.1 408 Request Timeout[^]*connection: close/i),
      })
    }
  })

  test('is patient with a body that is slow, but comes', async () => {
    const handlerMs = 200
    const { speak } = await limited({ bodyChunkMs: 100, handlerMs }, (app) => {
      app.post('/upload', { config: { handlerMs: 10_000 } }, async ({ body }) => {
        bodies.push(body)
        await new Promise((resolve) => setTimeout(resolve, 300))
        return 'welcome'
      })
    })
    const bodies: unknown[] = []
    const upload = post.replace('/slow', '/upload')
    const [socket, closed] = speak(upload)
    for (const chunk of ['{"gra', 'ms":', '500', '}']) {
      socket.write(chunk)
      await elapse(60)
    }
    await eventually(() => bodies.length > 0)
    expect(
      bodies,
      'the limit is for the pause between chunks, not for the whole body; and config.handlerMs, not handlerMs, for the route',
    ).toEqual([{ grams: 500 }])
    await elapse(300)
    // The other side of the same coin, so that patience alone is not enough.
    const [idler, cut] = speak(upload + '{"gra')
    await eventually(() => idler.bytesWritten > upload.length)
    await elapse(200)
    socket.write('GET /nowhere HTTP/1.1\r\nhost: parcel\r\nconnection: close\r\n\r\n')
    expect(await outcomeOf(closed), 'the body was there, and its handler took 300 ms').toMatchObject({
      value: expect.stringMatching(/200 OK[^]*404 Not Found/),
    })
    expect((await outcomeOf(cut)).status, 'patience has an end: bodyChunkMs').toBe('fulfilled')
    expect(vi.getTimerCount(), 'all are answered: a timer still waits for the next chunk of a body').toBe(0)
  })

  test('lets a stream outlive the handler limit, and only a stream', async () => {
    const streams: FastifyRequest[] = []
    const { get, entered } = await limited({ handlerMs: 200 }, (app) => {
      app.get('/events', { config: { handlerMs: Infinity } }, async (request, reply) => {
        streams.push(request)
        reply.hijack()
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: picked up\n\n')
        setTimeout(() => reply.raw.end(`data: delivered, ${request.abortSignal.aborted}\n\n`), 1_000)
      })
    })
    const events = outcomeOf(get('/events'), 60)
    const slow = outcomeOf(get('/slow'), 60)
    await entered()
    const reader = new AbortController()
    const left = outcomeOf(get('/events', { signal: reader.signal, headers: { 'deadline-ms': '5000' } }), 30)
    await eventually(() => streams.length === 2)
    const readersMs = msUntil(streams[1]?.deadline ?? NaN)
    reader.abort()
    await left
    await elapse(1_100)
    expect(await events, 'config.handlerMs on a route replaces the limit of the server').toMatchObject({
      value: { status: 200, body: 'data: picked up\n\ndata: delivered, false\n\n' },
    })
    expect(await slow, 'a route without one keeps the limit').toMatchObject({ value: { status: 504 } })
    expect(streams[1]?.abortSignal.aborted, 'a stream without a limit, and its reader has left: who tells it?').toBe(
      true,
    )
    expect(readersMs, "a route's config replaces the server's limit, and not the deadline of its caller").toBeCloseTo(
      5_000,
    )
  })
})

describe('Step 9: When the answer has begun', () => {
  test('breaks the connection instead of writing a 504 into the body', async () => {
    const { speak } = await limited({ handlerMs: 200 }, (app) => {
      app.get('/report', async (_, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-length': '1000' }).write('line 1\n')
      })
    })
    const [socket, closed] = speak('GET /report HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => socket.bytesRead > 0)
    await vi.advanceTimersByTimeAsync(200)
    const outcome = await outcomeOf(closed)
    expect(outcome, 'handlerMs is over, the answer half written: all that is left is to close').toMatchObject({
      value: expect.stringMatching(/line 1\n$/),
    })
  })

  test('breaks the connection of a handler that has taken over and says nothing', async () => {
    const handler = vi.fn((_: FastifyRequest, reply: FastifyReply) => void reply.hijack())
    const { speak } = await limited({ handlerMs: 200 }, (app) => app.get('/mute', handler))
    const [, closed] = speak('GET /mute HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => handler.mock.calls.length > 0)
    await elapse(200)
    const outcome = await outcomeOf(closed)
    expect(outcome.status, 'after reply.hijack() Fastify sends nothing more, a 504 neither').toBe('fulfilled')
  })

  test('breaks the connection of a stream that stalls', async () => {
    const { speak } = await limited({ handlerMs: 200 }, (app) => {
      app.get('/report', (_, reply) => reply.send(stalled))
    })
    const stalled = new Readable({ read() {} })
    stalled.push('line 1\n')
    const [socket, closed] = speak('GET /report HTTP/1.1\r\nhost: parcel\r\n\r\n')
    await eventually(() => socket.bytesRead > 0)
    await elapse(200)
    const outcome = await outcomeOf(closed)
    expect(outcome.status, 'handlerMs is over, and the handler long done: the limit is for the last byte').toBe(
      'fulfilled',
    )
    expect(stalled.destroyed, 'its client is gone: the stream that was sent must be closed').toBe(true)
  })

  test('never sends its own status with the body of another answer', async () => {
    const sending = vi.fn()
    const { speak } = await limited({ handlerMs: 200 }, (app) => {
      app.addHook('onSend', async () => {
        sending()
        await new Promise((resolve) => setTimeout(resolve, 300))
      })
      app.get('/signed', async () => 'a quote')
    })
    const [, closed] = speak('GET /signed HTTP/1.1\r\nhost: parcel\r\nconnection: close\r\n\r\n')
    await eventually(() => sending.mock.calls.length > 0)
    await elapse(1_000)
    const outcome = await outcomeOf(closed)
    const heard = outcome.status === 'fulfilled' ? outcome.value : 'nothing, and the connection is open'
    expect(heard, 'the time was up while a hook held the answer: a 504, or no answer, but no mixture').not.toMatch(
      /504[^]*a quote/,
    )
    expect(heard, 'handlerMs was over before the answer went out').not.toMatch(/200 OK/)
  })

  test('runs no handler while a hook still holds the 504', async () => {
    const handler = vi.fn(async () => 'booked')
    const { get } = await limited({}, (app) => {
      app.addHook('onSend', () => eventually(() => false, 2).then(() => {}))
      app.get('/work', () => handler())
    })
    const result = await outcomeOf(get('/work', { headers: { 'deadline-ms': '0' } }))
    expect(
      handler.mock.calls.length,
      'the deadline had passed on arrival, and an onSend hook held the 504: as long as that is not out, Fastify goes on',
    ).toBe(0)
    expect(result, 'the deadline had passed on arrival').toMatchObject({ value: { status: 504 } })
  })

  test('ends the connection of a client whose body was not there in time', async () => {
    const { speak } = await limited({ handlerMs: 200 })
    const [socket, closed] = speak(post + '{"gra')
    await eventually(() => socket.bytesWritten > post.length)
    await elapse(400)
    const outcome = await outcomeOf(closed)
    expect(outcome, 'a 504, and then? The rest of the body would be the next request: connection: close').toMatchObject(
      {
        value: expect.stringMatching(/^HTTP\/1.1 504[^]*connection: close/i),
      },
    )
  })
})

describe('Step 10: Sockets that are not yet requests', () => {
  test("keeps idle connections longer than the balancer's idle timeout", async () => {
    const { app } = await limited({ balancerIdleMs: 120_000 })
    const { keepAliveTimeout } = app.server
    expect(
      keepAliveTimeout,
      'if the server closes first, the next request of the balancer meets a closed socket: a 502 now and then, for ever',
    ).toBeGreaterThanOrEqual(121_000)
  })

  test('does not start with what is no limit', async () => {
    const taken: string[] = []
    for (const option of ['headersMs', 'requestMs', 'balancerIdleMs', 'bodyChunkMs', 'handlerMs'] as const) {
      for (const value of [NaN, -1, '50'] as number[]) {
        const { reason } = (await outcomeOf(limited({ [option]: value }))) as { reason?: unknown }
        if (!(reason instanceof RangeError && reason.message.includes(option)))
          taken.push(`${option}: ${inspect(value)}`)
      }
    }
    expect(taken, 'each is refused with a RangeError that names the option; these are not').toEqual([])
  })

  test('cuts off a client that drips its headers', async () => {
    const { speak } = await limited({ headersMs: 10 })
    const [, closed] = speak('GET /slow HTTP/1.1\r\nhost: par')
    // On Node's own clock, which is real: it looks for late sockets at an interval of its own.
    const outcome = await outcomeOf(closed, 30)
    expect(outcome.status, 'headersMs is long over (is it the headersTimeout, or how often Node looks?)').toBe(
      'fulfilled',
    )
  })

  test('cuts off a client that does not finish its request', async () => {
    const { speak } = await limited({ headersMs: 10, requestMs: 10 })
    const [, closed] = speak(
      'POST /slow HTTP/1.1\r\nhost: parcel\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\nno',
    )
    const outcome = await outcomeOf(closed, 30)
    expect(
      outcome.status,
      'requestMs is long over, and the rest has not come (Fastify has an option of its own for it)',
    ).toBe('fulfilled')
  })
})
