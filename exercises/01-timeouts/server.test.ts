import { remainingMs } from '#chapters/01-timeouts/deadline.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { TimeoutError } from '../../shared/core/errors.ts'
import { elapse, holdTheClock } from '../../shared/testing/clock.ts'
import { limited } from '../../shared/testing/limited-server.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

// The sockets are real, the clock is not: a limit passes when a test says so.
beforeEach(holdTheClock)

describe('Step 6: The other side: a server with limits', () => {
  test('answers 504 when the handler takes too long, and stops its work', async () => {
    const { get, entered } = await limited({ handlerMs: 200 })
    const result = outcomeOf(get('/slow'))
    const { abortSignal } = await entered()
    await vi.advanceTimersByTimeAsync(200)
    expect(await result, 'handlerMs is over and the client still waits').toMatchObject({ value: { status: 504 } })
    expect(abortSignal.aborted, 'the client has its 504, but the handler works on').toBe(true)
    expect(abortSignal.reason).toBeInstanceOf(TimeoutError)
  })

  test('waits no longer than its caller does', async () => {
    const { get, entered } = await limited({ handlerMs: 10_000 })
    const result = outcomeOf(get('/slow', { headers: { 'deadline-ms': '150' } }))
    const { deadline } = await entered()
    expect(
      remainingMs(deadline),
      'request.deadline: what the caller sent, or handlerMs if that is earlier',
    ).toBeCloseTo(150)
    await vi.advanceTimersByTimeAsync(150)
    expect(await result, 'the deadline that came with the request is over').toMatchObject({ value: { status: 504 } })
  })

  test('does not run a handler for whom nobody waits', async () => {
    const handler = vi.fn(async () => 'done')
    const { get } = await limited({}, (app) => app.get('/work', () => handler()))
    const result = await outcomeOf(get('/work', { headers: { 'deadline-ms': '0' } }))
    expect(handler, 'the deadline had passed on arrival, and the handler ran').not.toHaveBeenCalled()
    expect(result).toMatchObject({ value: { status: 504 } })
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
    expect(remainingMs(requests[0]!.deadline), 'the handler had a deadline').toBeLessThanOrEqual(200)
    await vi.advanceTimersByTimeAsync(200)
    expect(requests[0]?.abortSignal.aborted, 'aborted by a timer that nobody stopped').toBe(false)
  })
})

describe('Step 8: Bodies that stall, streams that live', () => {
  const post = 'POST /slow HTTP/1.1\r\nhost: parcel\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n'

  test('cuts off a request body that stalls between two chunks', async () => {
    const { speak } = await limited({ bodyChunkMs: 100 })
    const [socket, closed] = speak(post + '{"gra')
    await eventually(() => socket.bytesWritten > post.length)
    await elapse(200)
    const outcome = await outcomeOf(closed)
    expect(outcome.status, 'bodyChunkMs is over, and the connection is still open').toBe('fulfilled')
    expect(outcome, 'it was closed without a word: the client should hear a 408, and that the connection ends').toEqual(
      {
        status: 'fulfilled',
        value: expect.stringMatching(/^HTTP\/1.1 408 Request Timeout[^]*connection: close/i),
      },
    )
  })

  test('is patient with a body that is slow, but comes', async () => {
    const { speak, entered, answer } = await limited({ bodyChunkMs: 100 })
    const [socket, closed] = speak(post)
    for (const chunk of ['{"gra', 'ms":', '500', '}']) {
      socket.write(chunk)
      await elapse(60)
    }
    const { body } = await entered()
    expect(body, 'the limit is for the pause between chunks, not for the whole body').toEqual({ grams: 500 })
    // The other side of the same coin, so that patience alone is not enough.
    const [idler, cut] = speak(post + '{"gra')
    await eventually(() => idler.bytesWritten > post.length)
    await elapse(200)
    answer('welcome')
    socket.write('GET /nowhere HTTP/1.1\r\nhost: parcel\r\nconnection: close\r\n\r\n')
    expect(await outcomeOf(closed), 'the body is there, and the handler has all of handlerMs').toMatchObject({
      value: expect.stringMatching(/200 OK[^]*404 Not Found/),
    })
    expect((await outcomeOf(cut)).status, 'patience has an end: bodyChunkMs').toBe('fulfilled')
  })

  test('lets a stream outlive the handler limit, and only a stream', async () => {
    const { get, entered } = await limited({ handlerMs: 200 }, (app) => {
      app.get('/events', { config: { handlerMs: Infinity } }, async (request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: picked up\n\n')
        setTimeout(() => reply.raw.end(`data: delivered, ${request.abortSignal.aborted}\n\n`), 1_000)
      })
    })
    const events = outcomeOf(get('/events'), 30)
    const slow = outcomeOf(get('/slow'), 30)
    await entered()
    await elapse(1_100)
    expect(await events, 'config.handlerMs on a route replaces the limit of the server').toMatchObject({
      value: { status: 200, body: 'data: picked up\n\ndata: delivered, false\n\n' },
    })
    expect(await slow, 'a route without one keeps the limit').toMatchObject({ value: { status: 504 } })
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
