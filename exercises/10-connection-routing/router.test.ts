import { ConnectionRouter, type RouterOptions } from '#chapters/10-connection-routing/router.ts'
import type { RouteContext, RouteOptions, UpstreamOptions } from '#chapters/10-connection-routing/routes.ts'
import { getEventListeners, once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Dispatcher } from 'undici'
import { BulkheadFullError, RouterClosedError } from '../../shared/core/errors.ts'
import { elapse, holdTheClock } from '../../shared/testing/clock.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'
import { type ScriptedUpstream, scriptedUpstream } from '../../shared/testing/scripted-upstream.ts'

// The sockets are real, the clock is not: a limit passes when a test says so.
beforeEach(holdTheClock)
// undici's idle sockets keep timers of their own on the clock in our hand; they end with their sockets.
afterEach(() => {
  vi.useRealTimers()
})

const STEP_1 = 'step 1 first: each route has a number of its own in router.stats.routes'

const batch: RouteContext = { upstream: 'pigeon', priority: 'batch', idempotent: true }
const critical: RouteContext = { upstream: 'pigeon', priority: 'critical', idempotent: true }

const pigeon = (options: Partial<UpstreamOptions> = {}) => ({
  pigeon: { origin: 'http://127.0.0.1:9', sockets: 32, closesIdleMs: 60_000, ...options },
})
const build = (options: Partial<RouterOptions> = {}) =>
  new ConnectionRouter({ upstreams: pigeon(), routes: [], ...options })

/** A router before an upstream of its own. */
async function routed(routes: Omit<RouteOptions, 'upstream'>[], options: Partial<UpstreamOptions> = {}) {
  const upstream = await scriptedUpstream()
  const router = new ConnectionRouter({
    upstreams: pigeon({ origin: upstream.origin, ...options }),
    routes: routes.map((route) => ({ upstream: 'pigeon', ...route })),
  })
  onTestFinished(async () => {
    await outcomeOf(router.close({ timeoutMs: 0 }), 40)
  })
  return { upstream, router }
}

/** A request, and its answer read. */
const ask =
  (path: string) =>
  async (dispatcher: Dispatcher, signal?: AbortSignal): Promise<string> => {
    const { body } = await dispatcher.request({ method: 'GET', path, ...(signal && { signal }) })
    return body.text()
  }

/** Calls that nobody has to look at. */
function calls(count: number, router: ConnectionRouter, context: RouteContext, path: string): Promise<string>[] {
  const all = Array.from({ length: count }, () => router.run(context, ask(path)))
  for (const call of all) call.catch(() => {})
  return all
}

const hanging = (upstream: ScriptedUpstream, count: number) => eventually(() => upstream.hanging === count, 30)

describe('Step 1: One pool a route, for ever', () => {
  test('opens no more sockets than a route has, however many calls there are', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 2 }])
    for (let i = 0; i < 5; i++) await router.run(batch, ask('/'))
    expect(upstream.opened, 'sockets for five calls, one after the other').toBeLessThanOrEqual(2)
    await Promise.all(calls(20, router, batch, '/'))
    expect(upstream.opened, 'sockets for five calls and then twenty at once, on a route with connections: 2').toBe(2)

    // It reads which protocols it is offered, and hangs up.
    let offered = ''
    const tls = createServer((socket) => {
      socket
        .on('error', () => {})
        .once('data', (hello) => {
          offered = hello.toString('latin1')
          socket.destroy()
        })
    })
    await once(tls.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void tls.close())
    const origin = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`
    const secure = build({ upstreams: pigeon({ origin }) })
    await outcomeOf(secure.run(batch, ask('/')), 40)
    await outcomeOf(secure.close({ timeoutMs: 0 }), 40)
    expect(offered, 'what a TLS upstream is offered, and it has to be something').toContain('\x08http/1.1')
    expect(offered, 'nor HTTP/2: there a hundred calls share a socket, whatever the limit').not.toContain(
      '\x02h2\x08http/1.1',
    )
  })

  test('holds up no other route when all of its calls hang', async () => {
    const { upstream, router } = await routed(
      [
        { priority: 'batch', connections: 2 },
        { priority: 'critical', connections: 2 },
      ],
      { sockets: 5, fallback: { connections: 1 } },
    )
    calls(8, router, batch, '/hang')
    await hanging(upstream, 2)
    const answer = await outcomeOf(router.run(critical, ask('/')), 40)
    expect(answer, 'a critical call, while eight of batch wait for an upstream that says nothing').toEqual({
      status: 'fulfilled',
      value: 'ok',
    })
  })
})

describe('Step 2: A typo is no route', () => {
  /** Something that the constructor must not take, and what the error has to name. */
  const refuses = (what: string, options: Partial<RouterOptions>, ...names: string[]) => {
    let thrown: unknown = 'nothing'
    try {
      build(options)
    } catch (error) {
      thrown = error
    }
    expect(thrown, `${what}: what the constructor throws, which should be a RangeError`).toBeInstanceOf(RangeError)
    for (const name of names) expect(String(thrown), `${what}: the error has to name it`).toContain(name)
  }
  const refusesRoute = (options: object, option: string, value: string, what = `${option} of ${value}`) => {
    const upstreams = pigeon({ sockets: 1000, closesIdleMs: 2 ** 31 - 1 })
    const routes = [{ upstream: 'pigeon', priority: 'batch' as const, ...options }]
    refuses(`a route with ${what}`, { upstreams, routes }, 'pigeon/batch', option, value)
  }
  const shown = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value))

  test('refuses a limit that is none, and names the route, the option and the value', () => {
    for (const option of ['connections', 'queue', 'queueMs', 'connectMs', 'idleMs', 'warm']) {
      for (const value of [NaN, Infinity, -1, 1.5, '8', null, true])
        refusesRoute({ [option]: value }, option, shown(value))
    }
    for (const option of ['connections', 'queueMs', 'connectMs', 'idleMs']) refusesRoute({ [option]: 0 }, option, '0')
    for (const option of ['queueMs', 'connectMs', 'idleMs'])
      refusesRoute(
        { [option]: 2 ** 31 },
        option,
        String(2 ** 31),
        `${option} of 2³¹: a timer of so many ms fires after 1`,
      )
    refusesRoute({ warm: 3, connections: 2 }, 'warm', '3', 'warm: 3 of two connections')
    for (const option of ['sockets', 'closesIdleMs', 'dialsAtOnce']) {
      for (const value of [NaN, 0, 1.5, '32', null])
        refuses(
          `an upstream with ${option}: ${shown(value)}`,
          { upstreams: pigeon({ [option]: value }) },
          'pigeon',
          option,
        )
    }
    const fallback = { queueMs: NaN }
    refuses('a default with queueMs: NaN', { upstreams: pigeon({ fallback }) }, 'pigeon/default', 'queueMs', 'NaN')
    expect(
      () => build({ routes: [{ upstream: 'pigeon', priority: 'batch', queue: 0, warm: 0 }] }),
      'a queue of 0, which is a limit',
    ).not.toThrow()
  })

  test('refuses a name that nobody knows', () => {
    refusesRoute({ conections: 2 }, 'conections', '2', 'an option with a typo, which would be the default in silence')
    refusesRoute({ idempotent: 'yes' }, 'idempotent', "'yes'", "idempotent: 'yes', which is neither true nor false")
    refusesRoute({ idempotent: 0 }, 'idempotent', '0', 'idempotent: 0, which is neither true nor false')
    for (const priority of ['urgent', 'constructor'])
      refuses(
        `priority: '${priority}'`,
        { routes: [{ upstream: 'pigeon', priority: priority as never }] },
        'priority',
        priority,
      )
    for (const upstream of ['pigoen', 'toString'])
      refuses(
        `a route to an upstream '${upstream}'`,
        { routes: [{ upstream, priority: 'batch' }] },
        'upstream',
        upstream,
      )
    refuses('an upstream with a typo', { upstreams: pigeon({ sokets: 2 } as never) }, 'pigeon', 'sokets')
    const fallback = { conections: 2 } as never
    refuses('a default with a typo', { upstreams: pigeon({ fallback }) }, 'pigeon/default', 'conections')
    refuses("origin: 'pigeon', which is no URL", { upstreams: pigeon({ origin: 'pigeon' }) }, 'pigeon', 'origin')
    const again = { upstream: 'pigeon', priority: 'batch' } as const
    refuses('the same route twice', { routes: [again, { ...again, queue: 1 }] }, 'pigeon/batch')
    const routes = [again, { ...again, idempotent: true }, { ...again, idempotent: false }]
    expect(() => build({ routes }), 'one for either, one for idempotent calls, and one for the others').not.toThrow()
  })

  test('refuses more connections than the upstream has sockets, the default’s included', () => {
    const of = (sockets: number) => () =>
      build({
        upstreams: pigeon({ sockets, fallback: { connections: 3 } }),
        routes: [
          { upstream: 'pigeon', priority: 'batch', connections: 4 },
          { upstream: 'pigeon', priority: 'critical', connections: 5 },
        ],
      })
    expect(of(11), 'sockets: 11, for 3 of the default, 4 and 5').toThrow(RangeError)
    expect(of(11), 'the error names the upstream').toThrow('pigeon')
    expect(of(11), 'and the option').toThrow('sockets')
    expect(of(12), 'sockets: 12').not.toThrow()
    const swift = { origin: 'http://127.0.0.1:9', sockets: 8, closesIdleMs: 60_000 }
    const two = () => build({ upstreams: { ...pigeon({ sockets: 8 }), swift } })
    expect(two, 'two upstreams with sockets: 8, and 8 of a default each: their sockets are their own').not.toThrow()
  })

  test('refuses to keep a socket until the moment in which the upstream closes it', () => {
    const of = (idleMs: number) => () =>
      build({
        upstreams: pigeon({ closesIdleMs: 5000, fallback: { idleMs: 1 } }),
        routes: [{ upstream: 'pigeon', priority: 'batch', idleMs }],
      })
    expect(of(4001), 'idleMs: 4001, a second is less than that before 5000').toThrow(RangeError)
    expect(of(4001), 'the error names the option').toThrow('idleMs')
    expect(of(4000), 'idleMs: 4000').not.toThrow()
  })

  test('takes the default for what is undefined', async () => {
    const undefinedLimits = { connections: undefined, queue: undefined }
    const use = () => build({ routes: [{ upstream: 'pigeon', priority: 'batch', ...undefinedLimits }] })
    expect(use, 'connections: undefined').not.toThrow()
    const upstreams = pigeon({ dialsAtOnce: undefined, fallback: undefined } as object)
    expect(() => build({ upstreams }), 'an upstream with dialsAtOnce and fallback: undefined').not.toThrow()
    const { upstream, router } = await routed([{ priority: 'batch', ...undefinedLimits }])
    calls(10, router, batch, '/hang')
    await hanging(upstream, 8)
    expect(router.stats.routes['pigeon/batch'], 'connections: undefined, and ten calls that hang').toMatchObject({
      running: 8,
      queued: 2,
    })
  })

  test('takes the route of its idempotency, or the one for either, or else the default', async () => {
    const { upstream, router } = await routed([
      { priority: 'critical', idempotent: true, connections: 1 },
      { priority: 'critical', connections: 2 },
      { priority: 'batch', idempotent: false, connections: 3 },
    ])
    const names = Object.keys(router.stats.routes).toSorted()
    expect(names, 'routes, by their names').toEqual([
      'pigeon/batch/once',
      'pigeon/critical',
      'pigeon/critical/idempotent',
      'pigeon/default',
    ])
    const running = () => Object.fromEntries(names.map((name) => [name, router.stats.routes[name]!.running]))
    const nobody = running()
    const taken = async (context: RouteContext) => {
      calls(1, router, context, '/hang')
      await hanging(upstream, 1)
      const now = running()
      await upstream.release()
      await eventually(() => Object.values(running()).every((count) => count === 0))
      return names.filter((name) => now[name] !== nobody[name])
    }
    expect(await taken(critical), 'critical and idempotent').toEqual(['pigeon/critical/idempotent'])
    expect(await taken({ ...critical, idempotent: false }), 'critical and not idempotent').toEqual(['pigeon/critical'])
    expect(await taken({ ...batch, idempotent: false }), 'batch and not idempotent').toEqual(['pigeon/batch/once'])
    expect(await taken(batch), 'batch and idempotent: there is none').toEqual(['pigeon/default'])
    expect(router.stats.unknown, 'calls that took the default').toBe(1)
  })

  test('tells of a call that nobody has thought of, and makes no name of what it says', async () => {
    const unknown: unknown[] = []
    const upstream = await scriptedUpstream()
    const router = new ConnectionRouter({
      upstreams: pigeon({ origin: upstream.origin }),
      routes: [{ upstream: 'pigeon', priority: 'critical', idempotent: false }],
      onUnknown: (context) => unknown.push(context.priority),
    })
    onTestFinished(async () => void (await outcomeOf(router.close({ timeoutMs: 0 }), 40)))
    const strange = ['constructor', '__proto__', 'default', 'critical/once', 'standard', 'standard']
    for (const priority of strange) await router.run({ ...critical, priority: priority as never }, ask('/'))
    expect(unknown, 'onUnknown, of six calls without a route: each of them, and not the first of its kind').toEqual(
      strange,
    )
    expect(router.stats.unknown, 'calls that took the default').toBe(6)
    expect(
      Object.keys(router.stats.routes),
      'routes are what was configured, and nothing that somebody has sent',
    ).toEqual(expect.arrayContaining(['pigeon/default', 'pigeon/critical/once']))
    expect(Object.keys(router.stats.routes)).toHaveLength(2)
  })

  test('rejects a call to an upstream that there is none of', async () => {
    const router = build()
    for (const upstream of ['swift', 'constructor']) {
      const outcome = await outcomeOf(router.run({ ...batch, upstream }, ask('/')))
      expect(outcome, `an upstream ${upstream}`).toMatchObject({ status: 'rejected', reason: expect.any(RangeError) })
      expect(String((outcome as { reason: unknown }).reason), 'the error names it').toContain(upstream)
    }
  })
})

describe('Step 3: A queue with an end', () => {
  test('refuses by the limits of the route', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1, queue: 1, queueMs: 200 }])
    const [, waiting, third] = calls(3, router, batch, '/hang')
    await hanging(upstream, 1)
    const full = await outcomeOf(third!)
    expect(full, 'one runs, one waits: the third').toMatchObject({
      status: 'rejected',
      reason: expect.any(BulkheadFullError),
    })
    expect(full).toMatchObject({ reason: { route: 'pigeon/batch', why: 'full' } })
    await elapse(200)
    expect(await outcomeOf(waiting!), 'after 200 ms in the queue').toMatchObject({
      status: 'rejected',
      reason: { route: 'pigeon/batch', why: 'waited' },
    })
    expect(upstream.paths, 'requests that the upstream has seen').toEqual(['/hang'])
  })

  test('lets go of whoever leaves while they are served, and of their place', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }])
    const leaver = new AbortController()
    const heard: unknown[] = []
    // It takes note, and goes on: what it waits for hears nothing.
    const deaf = async (dispatcher: Dispatcher, signal: AbortSignal) => {
      signal.addEventListener('abort', () => heard.push(signal.reason))
      return ask('/hang')(dispatcher)
    }
    const left = router.run(batch, deaf, leaver.signal)
    left.catch(() => {})
    await hanging(upstream, 1)
    leaver.abort(new Error('tired of waiting'))
    expect(await outcomeOf(left), 'an exchange that does not look at its signal').toEqual({
      status: 'rejected',
      reason: new Error('tired of waiting'),
    })
    expect(heard, 'what its own signal has told it').toEqual([new Error('tired of waiting')])
    const { signal } = new AbortController()
    expect(await outcomeOf(router.run(batch, ask('/'), signal), 40), 'the next call on the only place').toEqual({
      status: 'fulfilled',
      value: 'ok',
    })
    const listeners = [leaver.signal, signal].map((each) => getEventListeners(each, 'abort').length)
    expect(listeners, 'listeners on the callers’ signals: of who has left, and of who was served').toEqual([0, 0])

    const early = new AbortController()
    const hasty = async (dispatcher: Dispatcher) => {
      early.abort(new Error('on second thoughts'))
      return ask('/hang')(dispatcher)
    }
    expect(await outcomeOf(router.run(batch, hasty, early.signal)), 'who leaves as the exchange begins').toEqual({
      status: 'rejected',
      reason: new Error('on second thoughts'),
    })
    const gone = router.run(batch, ask('/gone'), AbortSignal.abort(new Error('gone before')))
    expect(await outcomeOf(gone, 40), 'who has left before they came, with a place that is free').toEqual({
      status: 'rejected',
      reason: new Error('gone before'),
    })
    expect(upstream.paths, 'requests: nothing begins for who has left').not.toContain('/gone')
  })
})

describe('Step 4: Read it, or lose it', () => {
  test('closes the socket of an answer that nobody has read, and has a place for the next call', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }], {
      sockets: 2,
      fallback: { connections: 1 },
    })
    const status = (dispatcher: Dispatcher) =>
      dispatcher.request({ method: 'GET', path: '/big' }).then(({ statusCode }) => statusCode)
    for (let i = 0; i < 3; i++) {
      const outcome = await outcomeOf(router.run(batch, status), 40)
      expect(outcome, `call ${i + 1} of three, each of which leaves a megabyte unread`).toEqual({
        status: 'fulfilled',
        value: 200,
      })
    }
    expect(router.stats.routes['pigeon/batch'], 'sockets that were closed for that').toMatchObject({ dropped: 3 })
    const throws = async (dispatcher: Dispatcher) => {
      throw new Error(`no use for a ${await status(dispatcher)}`)
    }
    expect(await outcomeOf(router.run(batch, throws), 40), 'one that throws, and leaves a megabyte, too').toEqual({
      status: 'rejected',
      reason: new Error('no use for a 200'),
    })
    expect(router.stats.routes['pigeon/batch'], 'and with that of the one that threw').toMatchObject({ dropped: 4 })
    expect(await outcomeOf(router.run(batch, ask('/')), 40)).toEqual({ status: 'fulfilled', value: 'ok' })
    await eventually(() => upstream.open <= 1)
    expect(upstream.open, 'sockets that are left open').toBeLessThanOrEqual(1)
  })

  test('keeps the socket of an answer that was read, or dumped', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }])
    const dump = async (dispatcher: Dispatcher) => {
      const { body } = await dispatcher.request({ method: 'GET', path: '/' })
      await body.dump()
    }
    const both = async (dispatcher: Dispatcher) => {
      await Promise.all([ask('/')(dispatcher), ask('/')(dispatcher)])
      return ask('/big')(dispatcher)
    }
    await router.run(batch, ask('/big'))
    await router.run(batch, dump)
    const three = await outcomeOf(router.run(batch, both), 60)
    expect(three, 'three requests in one exchange, two of them at a time').toMatchObject({ status: 'fulfilled' })
    expect(upstream.opened, 'sockets for five requests in three calls').toBe(1)
    expect(router.stats.routes['pigeon/batch'], STEP_1).toMatchObject({ dropped: 0, running: 0 })

    const oneOfTwo = async (dispatcher: Dispatcher) => {
      const first = ask('/hang')(dispatcher)
      await hanging(upstream, 1)
      const caller = new AbortController()
      const second = ask('/second')(dispatcher, caller.signal)
      await outcomeOf(second, 2)
      caller.abort(new Error('not that one'))
      await outcomeOf(second)
      await upstream.release()
      return first
    }
    expect(
      await outcomeOf(router.run(batch, oneOfTwo), 80),
      'the first of two requests, when the second is called off before its turn: the socket is the first one’s',
    ).toEqual({ status: 'fulfilled', value: 'ok' })

    // With a handler of its own, of few members: what undici asks for is the first of them.
    const byHand =
      (members: (end: () => void) => Dispatcher.DispatchHandler) =>
      (dispatcher: Dispatcher): Promise<void> =>
        new Promise((end) => {
          dispatcher.dispatch({ method: 'POST', path: '/', body: 'text' }, { onRequestStart() {}, ...members(end) })
        })
    const heard: string[] = []
    const few = byHand((end) => ({
      onBodySent: () => void heard.push('onBodySent'),
      onRequestSent: () => void heard.push('onRequestSent'),
      onResponseEnd: end,
    }))
    expect(
      await outcomeOf(router.run(batch, few), 40),
      'a handler that has onResponseEnd, and neither onResponseStart nor onResponseData: undici’s types let it',
    ).toMatchObject({ status: 'fulfilled' })
    expect(heard, 'what it was told, of what it wants to hear').toEqual(['onBodySent', 'onRequestSent'])
    await outcomeOf(
      router.run(
        batch,
        byHand((end) => ({ onResponseStart: end })),
      ),
      40,
    )
    expect(await outcomeOf(router.run(batch, ask('/')), 40)).toMatchObject({ status: 'fulfilled' })
    expect(upstream.opened, 'sockets, after one without onResponseEnd, too').toBe(1)
    const throwing = byHand((end) => ({
      onRequestStart() {
        throw new Error('not like this')
      },
      onResponseError: end,
    }))
    await outcomeOf(router.run(batch, throwing), 40)
    const { connected, free } = router.stats.routes['pigeon/batch']!
    expect(free, 'sockets that are free, of those that are open, after a handler that throws').toBe(connected)
  })

  test('takes half an answer for an error, and asks nobody again', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }])
    const outcome = await outcomeOf(router.run(batch, ask('/half')), 40)
    expect(outcome, 'four bytes of eight, and then the socket ends').toMatchObject({ status: 'rejected' })
    expect(upstream.paths, 'requests').toEqual(['/half'])
    expect(await outcomeOf(router.run(batch, ask('/')), 40), 'the next call').toEqual({
      status: 'fulfilled',
      value: 'ok',
    })
    expect(router.stats.routes['pigeon/batch'], STEP_1).toMatchObject({ running: 0 })
    expect(router.stats.routes['pigeon/batch'], 'dropped is what one could have read').toMatchObject({ dropped: 0 })
  })

  test('lets nobody send by a dispatcher whose exchange is over', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }])
    const kept = await router.run(batch, async (dispatcher) => dispatcher)
    expect(
      await outcomeOf(ask('/')(kept), 40),
      'a request by the dispatcher of an exchange that is over',
    ).toMatchObject({
      status: 'rejected',
    })
    expect(upstream.paths, 'requests: the place is somebody else’s by now').toEqual([])
    expect(upstream.opened, 'sockets: none is opened for it either').toBe(0)

    let used: Dispatcher | undefined
    await router.run(batch, async (dispatcher) => ask('/')((used = dispatcher)))
    const [next] = calls(1, router, batch, '/hang')
    await hanging(upstream, 1)
    expect(await outcomeOf(ask('/late')(used!), 40), 'the same, with a socket that it once had').toMatchObject({
      status: 'rejected',
    })
    expect(upstream.paths, 'requests').toEqual(['/', '/hang'])
    expect(router.stats.routes['pigeon/batch'], 'the socket is in use by the next call, and not free').toMatchObject({
      connected: 1,
      free: 0,
    })
    await upstream.release()
    expect(await outcomeOf(next!, 40), 'the next call').toEqual({ status: 'fulfilled', value: 'ok' })
  })
})

describe('Step 5: Drain', () => {
  test('takes no new calls when it closes, and serves those that it has', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }])
    const had = calls(2, router, batch, '/hang')
    await hanging(upstream, 1)
    const closed = router.close({ timeoutMs: 5000 })
    expect(await outcomeOf(router.run(batch, ask('/'))), 'a call after close').toMatchObject({
      status: 'rejected',
      reason: expect.any(RouterClosedError),
    })
    for (const [index, call] of had.entries()) {
      expect(await outcomeOf(closed, 3), 'close, while there is somebody').toMatchObject({ status: 'pending' })
      await hanging(upstream, 1)
      await upstream.release()
      expect(await outcomeOf(call), index === 0 ? 'who was served' : 'who waited').toEqual({
        status: 'fulfilled',
        value: 'ok',
      })
    }
    expect(await outcomeOf(closed, 40), 'close, when the last has left').toMatchObject({ status: 'fulfilled' })
    expect(await eventually(() => upstream.open === 0, 40), 'all sockets are closed').toBe(true)
    expect(vi.getTimerCount(), 'timers that are left: the process would wait for them').toBe(0)
  })

  test('cuts off what is left when the time is up', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }])
    let heard: unknown
    const deaf = async (dispatcher: Dispatcher, signal: AbortSignal) => {
      signal.addEventListener('abort', () => (heard = signal.reason))
      return ask('/hang')(dispatcher)
    }
    const left = [router.run(batch, deaf), ...calls(1, router, batch, '/hang')]
    left[0]!.catch(() => {})
    await hanging(upstream, 1)
    const closed = router.close({ timeoutMs: 500 })
    await elapse(499)
    expect(await outcomeOf(closed, 2), 'timeoutMs: 500, after 499').toMatchObject({ status: 'pending' })
    await elapse(1)
    for (const call of left)
      expect(await outcomeOf(call), 'timeoutMs: 500, after 500').toMatchObject({
        status: 'rejected',
        reason: expect.any(RouterClosedError),
      })
    expect(heard, 'what the exchange hears by its own signal').toBeInstanceOf(RouterClosedError)
    expect(await outcomeOf(closed, 40), 'close').toMatchObject({ status: 'fulfilled' })
    expect(await eventually(() => upstream.open === 0, 40), 'all sockets are closed').toBe(true)
  })

  test('drains in no time or in all there is, and refuses what is no time', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }])
    const [patient] = calls(1, router, batch, '/hang')
    await hanging(upstream, 1)
    for (const timeoutMs of [NaN, -1, '500'] as number[]) {
      const outcome = await outcomeOf((async () => router.close({ timeoutMs }))(), 3)
      expect(outcome, `timeoutMs: ${timeoutMs}`).toMatchObject({ reason: expect.any(RangeError) })
    }
    const closed = router.close({ timeoutMs: Infinity })
    await elapse(60_000)
    expect(
      await outcomeOf(patient!, 2),
      'timeoutMs: Infinity, after a minute (a timer of so much fires after 1 ms)',
    ).toEqual({ status: 'pending' })
    await upstream.release()
    expect(await outcomeOf(closed, 40), 'close, when that one is served').toMatchObject({ status: 'fulfilled' })

    const hasty = await routed([{ priority: 'batch', connections: 1 }])
    const [cut] = calls(1, hasty.router, batch, '/hang')
    await hanging(hasty.upstream, 1)
    void hasty.router.close({ timeoutMs: 0 })
    await elapse(5)
    expect(await outcomeOf(cut!), 'timeoutMs: 0, which is no time, and not none given').toMatchObject({
      status: 'rejected',
      reason: expect.any(RouterClosedError),
    })
  })

  test('closes once, whoever else asks for it', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }])
    await router.run(batch, ask('/'))
    const first = router.close({ timeoutMs: 60_000 })
    expect(router.close({ timeoutMs: 1 }), 'the same promise').toBe(first)
    expect(await outcomeOf(first, 40)).toMatchObject({ status: 'fulfilled' })
    expect(upstream.open).toBe(0)
  })
})
