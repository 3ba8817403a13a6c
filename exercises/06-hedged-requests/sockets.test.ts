import { ATTEMPT_HEADER, hedge, type HedgeOptions } from '#chapters/06-hedged-requests/hedge.ts'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, type Dispatcher } from 'undici'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { http } from '../../shared/testing/http.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

// The sockets are real, the clock of the code under test is not. undici sees it too, and keeps it for its idle sockets.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

/** A carrier with two replicas, which answer when told to; what they were asked, and how often the client hung up. */
async function carrier() {
  const asked: { attempt: string | string[] | undefined; response: ServerResponse; closed: boolean }[] = []
  const servers = [0, 1].map(() =>
    http
      .createServer((req, response) => {
        const request = { attempt: req.headers[ATTEMPT_HEADER], response, closed: false }
        response.once('close', () => (request.closed = true))
        asked.push(request)
      })
      .listen(0, '127.0.0.1'),
  )
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const agent = new Agent()
  onTestFinished(async () => {
    await agent.destroy()
    for (const server of servers) {
      server.closeAllConnections()
      await once(server.close(), 'close')
    }
    vi.useRealTimers()
  })
  /** Answers as soon as the headers are there; the body is still to come. */
  const attempt = (signal: AbortSignal, number: number) => {
    const origin = `http://127.0.0.1:${(servers[number % 2]!.address() as AddressInfo).port}`
    return agent.request({ origin, path: '/', method: 'GET', headers: { [ATTEMPT_HEADER]: String(number) }, signal })
  }
  const options: HedgeOptions<Dispatcher.ResponseData, string> = {
    idempotent: true,
    latency: { delayMs: () => 50, record: () => {}, recordCensored: () => {} },
    budget: { deposit: () => {}, tryWithdraw: () => true },
    read: ({ body }) => body.text(),
    discard: ({ body }) => body.destroy(),
  }
  /** Both replicas have been asked. */
  const bothAsked = async () => {
    await eventually(() => asked.length === 1)
    await vi.advanceTimersByTimeAsync(50)
    expect(await eventually(() => asked.length === 2), 'the answer is late, and the second replica was not asked').toBe(
      true,
    )
    expect(
      asked.map(({ attempt }) => attempt),
      'the attempt, marked on the wire',
    ).toEqual(['0', '1'])
  }
  return { asked, attempt, options, bothAsked }
}

describe('Step 6: The winner still has something to say', () => {
  test("does not cut off the winner's body", async () => {
    const { asked, attempt, options, bothAsked } = await carrier()
    const result = outcomeOf(hedge(attempt, options), 300)
    await bothAsked()
    asked[1]!.response.write('half of the answer')
    expect(
      await eventually(() => asked[0]!.closed),
      'the loser works on: abort it when the winner has its headers',
    ).toBe(true)
    expect(asked[1]!.closed, 'the winner has sent half of its body, and was cut off').toBe(false)
    asked[1]!.response.end(', and the rest')
    expect(await result, 'the winner has sent its body').toEqual({
      status: 'fulfilled',
      value: 'half of the answer, and the rest',
    })
  })

  test('keeps the winner alive, also for a caller who reads it later', async () => {
    const { asked, attempt, options, bothAsked } = await carrier()
    const caller = new AbortController()
    const { read: _, ...unread } = { ...options, signal: caller.signal }
    const result = outcomeOf(
      hedge<Dispatcher.ResponseData>(attempt, unread as HedgeOptions<Dispatcher.ResponseData>),
      300,
    )
    await bothAsked()
    asked[1]!.response.write('half of the answer')
    const { value } = (await result) as { value: Dispatcher.ResponseData }
    await outcomeOf(new Promise(() => {}), 10)
    expect(asked[1]!.closed, 'the call is over, the body is not: it must survive the tidying up').toBe(false)
    caller.abort()
    await outcomeOf(new Promise(() => {}), 10)
    expect(asked[1]!.closed, 'the call is over, and the body the caller’s own: its signal must not reach it').toBe(
      false,
    )
    asked[1]!.response.end(', and the rest')
    expect(await value.body.text(), 'the winner has sent its body').toBe('half of the answer, and the rest')
  })

  test('hangs up on every replica when its caller goes', async () => {
    const { asked, attempt, options, bothAsked } = await carrier()
    const caller = new AbortController()
    const result = outcomeOf(hedge(attempt, { ...options, signal: caller.signal }))
    await bothAsked()
    const reason = new Error('the checkout went home')
    caller.abort(reason)
    expect(await eventually(() => asked.every(({ closed }) => closed), 50), 'a replica works on for nobody').toBe(true)
    expect(await result, "the caller's reason, as it is").toEqual({ status: 'rejected', reason })
  })

  test('hears its caller also while the winner is being read', async () => {
    const { asked, attempt, options, bothAsked } = await carrier()
    const caller = new AbortController()
    const result = outcomeOf(hedge(attempt, { ...options, signal: caller.signal }), 300)
    await bothAsked()
    asked[1]!.response.write('half of the answer')
    expect(
      await eventually(() => asked[0]!.closed),
      'the loser works on: abort it when the winner has its headers',
    ).toBe(true)
    const reason = new Error('the checkout went home')
    caller.abort(reason)
    expect(await eventually(() => asked[1]!.closed, 50), 'the winner sends to nobody').toBe(true)
    expect(await result, "the winner was stopped; the call must end as well, with the caller's reason").toEqual({
      status: 'rejected',
      reason,
    })
  })
})

describe('Step 7: What comes too late', () => {
  test('hangs up on a winner whose read gives up', async () => {
    const { asked, attempt, options, bothAsked } = await carrier()
    const reason = new Error('a content type that nobody reads')
    const read = () => Promise.reject(reason)
    const result = outcomeOf(hedge(attempt, { ...options, read }), 300)
    await bothAsked()
    asked[1]!.response.write('half of the answer')
    expect(await result, '`read` has failed, before it read').toEqual({ status: 'rejected', reason })
    expect(
      await eventually(() => asked[1]!.closed),
      'the call has failed, and what is left of the body holds its connection for ever: abort the winner, too',
    ).toBe(true)
  })

  test('fails with the error of a body that breaks off', async () => {
    const { asked, attempt, options, bothAsked } = await carrier()
    const result = hedge(attempt, options)
    result.catch(() => {})
    await bothAsked()
    asked[1]!.response.write('half of the answer')
    await eventually(() => asked[0]!.closed)
    asked[1]!.response.destroy()
    const outcome = await outcomeOf(result)
    expect(
      outcome.status,
      '`read` failed, and the call hangs: in your catch, the winner, who has left the race, must not pass for a loser',
    ).not.toBe('pending')
    expect(outcome, "nobody else is left to wait for: reject with the body's own error").toMatchObject({
      status: 'rejected',
      reason: { code: 'UND_ERR_SOCKET' },
    })
  })
})
