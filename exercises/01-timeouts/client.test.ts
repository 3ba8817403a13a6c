import { call, type Call, type ClientLimits, createClient } from '#chapters/01-timeouts/client.ts'
import { DEADLINE_HEADER, deadlineHeader } from '#chapters/01-timeouts/deadline.ts'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { deadlineAfter } from '../../shared/core/deadline.ts'
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

const whichClock = 'is it on the global setTimeout and performance.now(), which are what the tests turn?'
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
    const stalled = await body.callFor(2_000, {})
    expect(stalled, 'bodyMs: no further chunk in time').toMatchObject(timedOut)
    const { elapsedMs = 0 } = (stalled as { reason: TimeoutError }).reason
    expect(elapsedMs, 'elapsedMs, if any, is the time since the call began').toBeLessThanOrEqual(2_000)

    const connect = await upstream(silence, { connectMs: 50 })
    const spy = vi.spyOn(net, 'connect').mockImplementation(() => new net.Socket())
    const unconnected = await connect.callFor(2_000, {})
    spy.mockRestore()
    expect(unconnected, 'connectMs: no connection in time').toMatchObject(timedOut)

    const huge = await upstream((_, res) => {
      res.write('x'.repeat(800))
      // And it goes on: who reads it to its end before counting never gets there.
      res.write('x'.repeat(800))
    })
    const tooMuch = await outcomeOf(call(huge.client, { path: '/', timeoutMs: 60_000 }))
    expect(
      tooMuch.status,
      'maxBytes: a carrier sends what it likes, announced or not, and it ends up in your memory',
    ).toBe('rejected')
    const gone = http.createServer()
    await once(gone.listen(0, '127.0.0.1'), 'listening')
    const { port } = gone.address() as AddressInfo
    await once(gone.close(), 'close')
    const nobody = createClient(`http://127.0.0.1:${port}`, generous)
    const refused = await outcomeOf(call(nobody, { path: '/', timeoutMs: 60_000 }))
    await nobody.destroy()
    const broken = await upstream((_, res) => res.write('half of a', () => res.destroy()))
    const half = await outcomeOf(call(broken.client, { path: '/', timeoutMs: 60_000 }))
    expect(half.status, 'the connection broke in the middle of the body: half of an answer is none').toBe('rejected')
    for (const outcome of [tooMuch, refused, half])
      expect(
        outcome,
        'too much, a refused connection, or a broken one, is not too late: pass it on as it came',
      ).not.toMatchObject(timedOut)
  })

  test('gives up on a carrier that accepts and never answers, and hangs up', async () => {
    const { client, seen, callFor } = await upstream(silence)
    const caller = new AbortController()
    expect(
      await callFor(100, { timeoutMs: 100, signal: caller.signal }),
      `timeoutMs is over and the call still waits: ${whichClock}`,
    ).toMatchObject(timedOut)
    expect(
      await eventually(() => seen.closed === 1),
      "the connection is still open: did the signal that withTimeout gives (not the caller's) reach undici?",
    ).toBe(true)

    const deadline = deadlineAfter(100)
    expect(
      await callFor(100, { deadline }),
      "the caller's deadline has passed, and the call still waits",
    ).toMatchObject(timedOut)
    const { requests } = seen
    expect(
      await outcomeOf(call(client, { path: '/', timeoutMs: 500, deadline })),
      'it had passed already',
    ).toMatchObject(timedOut)
    expect(seen.requests - requests, 'requests that were sent after the deadline').toBe(0)
  })

  test('gives up on a body that drips, and hangs up', async () => {
    const { seen, callFor } = await upstream((_, res) => {
      const drip = setInterval(() => res.write('.'), 10)
      res.once('close', () => clearInterval(drip))
      res.write('.')
    })
    const outcome = await callFor(100, { timeoutMs: 100 })
    expect(outcome, 'every chunk was in time, the whole was not: the limit must cover reading the body').toMatchObject(
      timedOut,
    )
    expect(
      await eventually(() => seen.closed === 1),
      'nobody waits for the body any more, and it drips on: the signal is for the reading, too',
    ).toBe(true)
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
    const { client, seen } = await upstream(async (req, res) => {
      res.writeHead(409, { 'x-method': req.method }).write(`${req.headers.accept}: `)
      const body = Buffer.concat(await req.toArray())
      // The last letter in two chunks.
      res.write(body.subarray(0, -1))
      await eventually(() => false, 2)
      res.end(body.subarray(-1))
    })
    const headers = { accept: 'text/plain' }
    const post = { method: 'POST', path: '/', headers, body: 'café' } as const
    const reply = await call(client, { ...post, timeoutMs: 500 })
    expect(
      reply,
      'the answer, whatever its status, with its body read (a letter may come in two chunks)',
    ).toMatchObject({
      status: 409,
      headers: { 'x-method': 'POST' },
      body: 'text/plain: café',
    })
    expect(headers, "the caller's own headers were changed: the next call may share them").toEqual({
      accept: 'text/plain',
    })
    await call(client, { path: '/', timeoutMs: 500, deadline: deadlineAfter(200) })
    await call(client, { path: '/', timeoutMs: 500, deadline: deadlineAfter(9_000) })
    const earlier = [500, 200, 500].map((ms) => deadlineHeader(deadlineAfter(ms))[DEADLINE_HEADER])
    expect(seen.deadlines, 'the earlier of timeout and deadline, as deadlineHeader() writes it').toEqual(earlier)
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

describe('Step 7: The edges', () => {
  test('tells the carrier what is left when the call leaves the queue', async () => {
    const { client, seen } = await upstream((_, res) => void setTimeout(() => res.end('a quote'), 100))
    const calls = [500, 500].map((timeoutMs) => outcomeOf(call(client, { path: '/', timeoutMs }), 100))
    await eventually(() => seen.requests === 1)
    await elapse(100)
    await eventually(() => seen.requests === 2)
    expect(
      seen.deadlines,
      'the second waited 100 of its 500 ms for the only connection: what is left for the carrier?',
    ).toEqual(['500', '400'])
    await elapse(100)
    await Promise.all(calls)
  })

  test('sends one deadline, its own, whatever else it forwards', async () => {
    const { client, seen } = await upstream((_, res) => res.end('a quote'))
    for (const name of ['deadline-ms', 'Deadline-Ms']) {
      await call(client, { path: '/', headers: { [name]: '9000', accept: '*/*' }, timeoutMs: 500 })
    }
    expect(
      seen.deadlines,
      'forwarded as "deadline-ms" and as "Deadline-Ms" (two in one request are read as none)',
    ).toEqual(['500', '500'])
  })

  test('refuses what is no limit, by name, and sends nothing', async () => {
    const { client, seen } = await upstream((_, res) => res.end('a quote'))
    const taken: string[] = []
    const expectRefusal = async (option: string, value: unknown, attempt: () => unknown) => {
      const outcome = await outcomeOf((async () => attempt())())
      const error = outcome.status === 'rejected' ? outcome.reason : 'taken'
      if (!(error instanceof RangeError && error.message.includes(option)))
        taken.push(`${option} ${inspect(value)}: ${error}`)
    }
    for (const value of [NaN, -1, '50'] as number[]) {
      await expectRefusal('timeoutMs', value, () => call(client, { path: '/', timeoutMs: value }))
    }
    await expectRefusal('deadline', NaN, () => call(client, { path: '/', timeoutMs: 50, deadline: NaN }))
    for (const option of ['connections', 'connectMs', 'headersMs', 'bodyMs', 'maxBytes'] as const) {
      for (const value of [NaN, 1.5, -2, '50'] as number[]) {
        await expectRefusal(option, value, () => createClient('http://127.0.0.1:9', { ...generous, [option]: value }))
      }
    }
    expect(taken, 'each is refused with a RangeError that names the option; these are not').toEqual([])
    expect(seen.requests, 'requests sent without a limit').toBe(0)
    const none = { connectMs: 0, headersMs: 0, bodyMs: 0, maxBytes: -1 }
    expect(
      () => createClient('http://127.0.0.1:9', { ...generous, ...none }),
      `${inspect(none)} is "no limit", as undici has it`,
    ).not.toThrow()
    expect(
      () => call(client, { path: '/', timeoutMs: NaN }).catch(() => {}),
      'a function that promises rejects',
    ).not.toThrow()
  })
})
