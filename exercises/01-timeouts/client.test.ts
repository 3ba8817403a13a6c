import { call, type Call, type ClientLimits, createClient } from '#chapters/01-timeouts/client.ts'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { TimeoutError } from '../../shared/core/errors.ts'
import { elapse, holdTheClock } from '../../shared/testing/clock.ts'
import { http } from '../../shared/testing/http.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

// The sockets are real, the clock is not: a limit passes when a test says so.
beforeEach(holdTheClock)

// undici's idle sockets keep timers of their own on the clock in our hand; they end with their pools.
afterEach(() => {
  vi.useRealTimers()
})

const silence = () => {}
const generous: ClientLimits = { connections: 1, connectMs: 60_000, headersMs: 60_000, bodyMs: 60_000, maxBytes: 1_000 }

/** A carrier, and what it saw. */
async function upstream(listener: RequestListener, limits: Partial<ClientLimits> = {}) {
  const seen = { requests: 0, closed: 0, deadlines: [] as unknown[] }
  const server = http.createServer((req, res) => {
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
    const result = call(client, { path: '/', timeoutMs: 60_000, ...options })
    // Looked at when the time is over, and not before; until then its rejection is nobody's fault.
    result.catch(() => {})
    await eventually(() => seen.requests > 0)
    await elapse(ms)
    return outcomeOf(result)
  }
  return { client, seen, callFor }
}

const timedOut = { status: 'rejected', reason: expect.any(TimeoutError) }

describe('Step 5: One limit around a whole call', () => {
  test('has undici watch each phase, and calls every kind of too late a timeout', async () => {
    // The first test of the file: undici's own timers share one ticking clock a process, the one that it first sees.
    // It ticks every half second, hence the patience.
    const headers = await upstream(silence, { headersMs: 50 })
    const late = await headers.callFor(2_000, {})
    expect(late, 'headersMs: no headers in time').toMatchObject(timedOut)
    expect(late, "undici's own error is the cause: it says which of the phases was late").toMatchObject({
      reason: { cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } },
    })

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
    expect(
      await eventually(() => seen.closed === 1),
      'the connection is still open: did the signal reach undici?',
    ).toBe(true)
  })

  test('gives up on a body that drips', async () => {
    const { callFor } = await upstream((_, res) => {
      const drip = setInterval(() => res.write('.'), 10)
      res.once('close', () => clearInterval(drip))
      res.write('.')
    })
    const outcome = await callFor(100, { timeoutMs: 100 })
    expect(outcome, 'every chunk was in time, the whole was not: the limit must cover reading the body').toMatchObject(
      timedOut,
    )
  })

  test('gives up while it waits for a free connection', async () => {
    const { client, seen, callFor } = await upstream(silence)
    const first = outcomeOf(call(client, { path: '/', timeoutMs: 60_000 }))
    await eventually(() => seen.requests === 1)
    const second = await callFor(100, { timeoutMs: 100 })
    expect(
      second,
      "undici's headersTimeout begins when a request is sent; this one is still in the queue",
    ).toMatchObject(timedOut)
    expect(seen.requests, 'and it must leave the queue: nobody wants its answer').toBe(1)
    await first
  })

  test('sends what it is given, and how long the carrier has', async () => {
    const { client, seen } = await upstream((req, res) => {
      res.writeHead(201, { 'x-method': req.method }).write(`${req.headers.accept}: `)
      req.pipe(res)
    })
    const post = { method: 'POST', path: '/', headers: { accept: 'text/plain' }, body: 'a parcel' } as const
    const reply = await call(client, { ...post, timeoutMs: 500 })
    expect(reply, 'the answer, with its body read').toMatchObject({
      status: 201,
      headers: { 'x-method': 'POST' },
      body: 'text/plain: a parcel',
    })
    await call(client, { path: '/', timeoutMs: 500, deadline: performance.now() + 200 })
    await call(client, { path: '/', timeoutMs: 500, deadline: performance.now() + 9_000 })
    expect(seen.deadlines, 'the earlier of timeout and deadline, as deadlineHeader() writes it').toEqual([
      '500',
      '200',
      '500',
    ])
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
