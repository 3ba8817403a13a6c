import { remainingMs } from '#chapters/01-timeouts/deadline.ts'
import type { FastifyRequest } from 'fastify'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { TimeoutError } from '../../shared/core/errors.ts'
import { holdTheClock } from '../../shared/testing/clock.ts'
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
    const { get } = await limited({}, (app) => app.get('/work', handler))
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
    const { speak } = await limited({ headersMs: 20 })
    const [, closed] = speak('GET /slow HTTP/1.1\r\nhost: par')
    // On Node's own clock, which is real: it looks for late sockets at an interval of its own.
    const outcome = await outcomeOf(closed, 120)
    expect(outcome.status, 'headersMs is long over (is it the headersTimeout, or how often Node looks?)').toBe(
      'fulfilled',
    )
  })

  test('cuts off a client that does not finish its request', async () => {
    const { speak } = await limited({ headersMs: 20, requestMs: 40 })
    const [, closed] = speak(
      'POST /slow HTTP/1.1\r\nhost: parcel\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\nno',
    )
    const outcome = await outcomeOf(closed, 120)
    expect(
      outcome.status,
      'requestMs is long over, and the rest has not come (Fastify has an option of its own for it)',
    ).toBe('fulfilled')
  })
})
