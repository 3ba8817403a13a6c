import { call, type Call, type ClientLimits, createClient } from '#chapters/01-timeouts/client.ts'
import { remainingMs } from '#chapters/01-timeouts/deadline.ts'
import { limitServer, type ServerLimits, serverOptions } from '#chapters/01-timeouts/server.ts'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { Agent, request } from 'undici'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { TimeoutError } from '../../shared/core/errors.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

const silence = () => {}

// The sockets are real, the clock is not: a limit passes when a test says so.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
})

/** Lets virtual time go by in ten pieces, between which the bytes on the wire catch up. */
async function elapse(ms: number): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await vi.advanceTimersByTimeAsync(ms / 10)
    await outcomeOf(new Promise(silence), 2)
  }
}

// undici's idle sockets keep timers of their own on the fake clock; they end with their pools.
afterEach(() => {
  vi.useRealTimers()
})

const generous: ClientLimits = { connections: 1, connectMs: 60_000, headersMs: 60_000, bodyMs: 60_000, maxBytes: 1_000 }

/** A carrier, and what it saw. */
async function upstream(listener: RequestListener, limits: Partial<ClientLimits> = {}) {
  const seen = { requests: 0, closed: 0, deadlines: [] as unknown[] }
  const server = createServer((req, res) => {
    seen.requests++
    seen.deadlines.push(req.headers['deadline-ms'])
    res.once('close', () => seen.closed++)
    listener(req, res)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { ...generous, ...limits })
  onTestFinished(async () => {
    await client.destroy()
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  /** A call with `ms` of virtual time gone by after the carrier has the request. */
  const callFor = async (ms: number, options: Partial<Call>) => {
    const result = outcomeOf(call(client, { path: '/', timeoutMs: 60_000, ...options }), 150)
    await eventually(() => seen.requests > 0, 50)
    await elapse(ms)
    return result
  }
  return { client, seen, callFor }
}

const timedOut = { status: 'rejected', reason: expect.any(TimeoutError) }

describe('Step 5: One limit around a whole call', () => {
  test('has undici watch each phase, and calls every kind of too late a timeout', async () => {
    // The first test of the file: undici's own timers share one ticking clock a process, the one that it first sees.
    // It ticks every half second, hence the patience.
    const headers = await upstream(silence, { headersMs: 50 })
    expect(await headers.callFor(2_000, {}), 'headersMs: no headers in time').toMatchObject(timedOut)

    const body = await upstream((_, res) => res.write('and then'), { bodyMs: 50 })
    expect(await body.callFor(2_000, {}), 'bodyMs: no further chunk in time').toMatchObject(timedOut)

    const connect = await upstream(silence, { connectMs: 50 })
    const spy = vi.spyOn(net, 'connect').mockImplementation(() => new net.Socket())
    const unconnected = await connect.callFor(2_000, {})
    spy.mockRestore()
    expect(unconnected, 'connectMs: no connection in time').toMatchObject(timedOut)

    const huge = await upstream((_, res) => res.end('x'.repeat(2_000)), { maxBytes: 1_000 })
    const outcome = await outcomeOf(call(huge.client, { path: '/', timeoutMs: 60_000 }))
    expect(outcome.status, 'maxBytes: a carrier sends what it likes, and it ends up in your memory').toBe('rejected')
  })

  test('gives up on a carrier that accepts and never answers, and hangs up', async () => {
    const { seen, callFor } = await upstream(silence)
    expect(await callFor(100, { timeoutMs: 100 }), 'timeoutMs is over and the call still waits').toMatchObject(timedOut)
    expect(await eventually(() => seen.closed === 1), 'the connection is still open: did the signal reach undici?').toBe(true)
  })

  test('gives up on a body that drips', async () => {
    const { callFor } = await upstream((_, res) => {
      const drip = setInterval(() => res.write('.'), 10)
      res.once('close', () => clearInterval(drip))
      res.write('.')
    })
    const outcome = await callFor(100, { timeoutMs: 100 })
    expect(outcome, 'every chunk was in time, the whole was not: the limit must cover reading the body').toMatchObject(timedOut)
  })

  test('gives up while it waits for a free connection', async () => {
    const { client, seen, callFor } = await upstream(silence)
    const first = outcomeOf(call(client, { path: '/', timeoutMs: 60_000 }))
    await eventually(() => seen.requests === 1)
    const second = await callFor(100, { timeoutMs: 100 })
    expect(second, "undici's headersTimeout begins when a request is sent; this one is still in the queue").toMatchObject(timedOut)
    expect(seen.requests, 'and it must leave the queue: nobody wants its answer').toBe(1)
    await first
  })

  test('tells the carrier how long it has', async () => {
    const { client, seen } = await upstream((_, res) => res.end())
    await call(client, { path: '/', timeoutMs: 500, headers: { accept: 'text/plain' } })
    await call(client, { path: '/', timeoutMs: 500, deadline: performance.now() + 200 })
    expect(seen.deadlines, 'the earlier of timeout and deadline, as deadlineHeader() writes it').toEqual(['500', '200'])
  })

  test("stops for its caller, with the caller's reason", async () => {
    const { client, seen } = await upstream(silence)
    const caller = new AbortController()
    const result = outcomeOf(call(client, { path: '/', timeoutMs: 60_000, signal: caller.signal }))
    await eventually(() => seen.requests === 1)
    const reason = new Error('the checkout went home')
    caller.abort(reason)
    expect(await result, "the caller's signal did not reach the call").toEqual({ status: 'rejected', reason })
    expect(await eventually(() => seen.closed === 1), 'the connection is still open').toBe(true)
  })
})

const roomy: ServerLimits = {
  headersMs: 10_000,
  requestMs: 20_000,
  balancerIdleMs: 60_000,
  bodyChunkMs: 10_000,
  handlerMs: 60_000,
}

/** A Fastify server with limits; `entered` resolves with the request when the handler of `/slow` has it. */
async function limited(limits: Partial<ServerLimits> = {}, routes: (app: FastifyInstance) => void = () => {}) {
  const all = { ...roomy, ...limits }
  const app = Fastify({ forceCloseConnections: true, ...serverOptions(all) })
  limitServer(app, all)
  const entered = Promise.withResolvers<FastifyRequest>()
  const answer = Promise.withResolvers<string>()
  const slow = (request: FastifyRequest) => {
    entered.resolve(request)
    return answer.promise
  }
  app.get('/slow', slow).post('/slow', slow)
  routes(app)
  const agent = new Agent()
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    answer.resolve('at last')
    await agent.destroy()
    await app.close()
  })
  const { port } = app.server.address() as AddressInfo
  const get = async (path: string, options: Omit<Parameters<typeof request>[1] & object, 'dispatcher'> = {}) => {
    const response = await request(`http://127.0.0.1:${port}${path}`, { dispatcher: agent, ...options })
    return { status: response.statusCode, body: await response.body.text() }
  }
  /** A socket that says `text`, and a promise of all that it hears until it is closed. */
  const speak = (text: string): [Socket, Promise<string>] => {
    const socket = net.connect(port, '127.0.0.1')
    socket.write(text)
    let heard = ''
    const closed = new Promise<string>((resolve) => {
      socket.on('data', (chunk) => (heard += chunk)).on('error', () => {})
      socket.on('close', () => resolve(heard))
    })
    onTestFinished(() => void socket.destroy())
    return [socket, closed]
  }
  return { app, get, speak, entered: entered.promise, answer: answer.resolve }
}

describe('Step 6: The other side: a server with limits', () => {
  test('answers 504 when the handler takes too long, and stops its work', async () => {
    const { get, entered } = await limited({ handlerMs: 200 })
    const result = outcomeOf(get('/slow'), 150)
    const { abortSignal } = await entered
    await vi.advanceTimersByTimeAsync(200)
    expect(await result, 'handlerMs is over and the client still waits').toMatchObject({ value: { status: 504 } })
    expect(abortSignal.aborted, 'the client has its 504, but the handler works on').toBe(true)
    expect(abortSignal.reason).toBeInstanceOf(TimeoutError)
  })

  test('waits no longer than its caller does', async () => {
    const { get, entered } = await limited({ handlerMs: 10_000 })
    const result = outcomeOf(get('/slow', { headers: { 'deadline-ms': '150' } }), 150)
    const { deadline } = await entered
    expect(remainingMs(deadline), 'request.deadline: what the caller sent, or handlerMs if that is earlier').toBeCloseTo(150)
    await vi.advanceTimersByTimeAsync(150)
    expect(await result, 'the deadline that came with the request is over').toMatchObject({ value: { status: 504 } })
  })

  test('does not run a handler for whom nobody waits', async () => {
    const { get, entered } = await limited()
    const result = outcomeOf(get('/slow', { headers: { 'deadline-ms': '0' } }), 150)
    expect((await outcomeOf(entered, 20)).status, 'the deadline had passed on arrival, and the handler ran').toBe('pending')
    expect(await result).toMatchObject({ value: { status: 504 } })
  })

  test('stops the work of a client that hangs up, and of no other', async () => {
    const { get, entered, answer } = await limited()
    const client = new AbortController()
    const left = outcomeOf(get('/slow', { signal: client.signal }))
    const { abortSignal } = await entered
    client.abort()
    await left
    expect(await eventually(() => abortSignal.aborted), 'the client hung up; whom does the handler work for?').toBe(true)
    expect(abortSignal.reason, 'a client that hangs up is not a timeout').not.toBeInstanceOf(TimeoutError)
    answer('to nobody')
  })

  test('does not mistake a normal end for a client that hung up', async () => {
    const { get } = await limited({ handlerMs: 200 }, (app) => {
      app.post('/echo', async (request) => {
        // By now the request's body has been read to its end, which is when the request (!) emits `close`.
        const atOnce = request.abortSignal.aborted
        queueMicrotask(() => requests.push(request))
        await outcomeOf(new Promise(silence), 5)
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
    await outcomeOf(new Promise(silence), 5)
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
    const result = outcomeOf(closed, 200)
    await elapse(200)
    expect(await result, 'bodyChunkMs is over, and the connection is still open').toMatchObject({
      value: expect.stringContaining('408 Request Timeout'),
    })
  })

  test('is patient with a body that is slow, but comes', async () => {
    const { speak, entered, answer } = await limited({ bodyChunkMs: 100 })
    const [socket, closed] = speak(post)
    for (const chunk of ['{"gra', 'ms":', '500', '}']) {
      socket.write(chunk)
      await elapse(60)
    }
    const { body } = await entered
    expect(body, 'the limit is for the pause between chunks, not for the whole body').toEqual({ grams: 500 })
    answer('welcome')
    socket.write('GET /nowhere HTTP/1.1\r\nhost: parcel\r\nconnection: close\r\n\r\n')
    expect(await outcomeOf(closed), 'the connection goes on after the body').toMatchObject({
      value: expect.stringMatching(/200 OK[^]*404 Not Found/),
    })
    // The other side of the same coin, so that patience alone is not enough.
    const [idler, cut] = speak(post + '{"gra')
    await eventually(() => idler.bytesWritten > post.length)
    await elapse(200)
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
    const events = outcomeOf(get('/events'), 300)
    const slow = outcomeOf(get('/slow'), 300)
    await entered
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
    const outcome = await outcomeOf(closed, 150)
    expect(outcome, 'handlerMs is over, the answer half written: all that is left is to close').toMatchObject({
      value: expect.stringMatching(/line 1\n$/),
    })
  })
})

describe('Step 10: Sockets that are not yet requests', () => {
  test("keeps idle connections longer than the balancer's idle timeout", async () => {
    const { app } = await limited({ balancerIdleMs: 60_000 })
    const { keepAliveTimeout } = app.server
    expect(
      keepAliveTimeout,
      'if the server closes first, the next request of the balancer meets a closed socket: a 502 now and then, for ever',
    ).toBeGreaterThanOrEqual(61_000)
  })

  test('cuts off a client that drips its headers', async () => {
    const { speak } = await limited({ headersMs: 40 })
    const [, closed] = speak('GET /slow HTTP/1.1\r\nhost: par')
    // On Node's own clock, which is real: it looks for late sockets at an interval of its own.
    const outcome = await outcomeOf(closed, 300)
    expect(outcome.status, 'headersMs is long over (is it the headersTimeout, or how often Node looks?)').toBe('fulfilled')
  })

  test('cuts off a client that does not finish its request', async () => {
    const { speak } = await limited({ headersMs: 40, requestMs: 80 })
    const [, closed] = speak('POST /slow HTTP/1.1\r\nhost: parcel\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\nno')
    const outcome = await outcomeOf(closed, 300)
    expect(outcome.status, 'requestMs is long over, and the rest of the request has not come').toBe('fulfilled')
  })
})
