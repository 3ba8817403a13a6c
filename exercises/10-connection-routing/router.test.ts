import { ConnectionRouter, type RouterOptions } from '#chapters/10-connection-routing/router.ts'
import type { RouteContext, RouteOptions, UpstreamOptions } from '#chapters/10-connection-routing/routes.ts'
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
  /** The options of a route, one of which is wrong, and what the error has to name. */
  const refuses = (options: object, option: string, value: string, message = `${option} of ${value}`) => {
    const use = () =>
      build({
        upstreams: pigeon({ sockets: 1000, closesIdleMs: 2 ** 31 - 1 }),
        routes: [{ upstream: 'pigeon', priority: 'batch', ...options }],
      })
    expect(use, message).toThrow(RangeError)
    expect(use, `${message}: the error names the route`).toThrow('pigeon/batch')
    expect(use, `${message}: the error names the option`).toThrow(option)
    expect(use, `${message}: the error says what it got`).toThrow(value)
  }

  test('refuses a limit that is none, and names the route, the option and the value', () => {
    for (const option of ['connections', 'queue', 'queueMs', 'connectMs', 'idleMs', 'warm']) {
      for (const value of [NaN, Infinity, -1, 1.5, '8', null, true])
        refuses({ [option]: value }, option, typeof value === 'string' ? `'${value}'` : String(value))
    }
    for (const option of ['connections', 'queueMs', 'connectMs', 'idleMs']) refuses({ [option]: 0 }, option, '0')
    for (const option of ['queueMs', 'connectMs', 'idleMs'])
      refuses({ [option]: 2 ** 31 }, option, String(2 ** 31), `${option}: a timer of 2³¹ ms fires after 1`)
    refuses({ warm: 3, connections: 2 }, 'warm', '3', 'warm: 3 of two connections')
    expect(
      () => build({ routes: [{ upstream: 'pigeon', priority: 'batch', queue: 0, warm: 0 }] }),
      'a queue of 0',
    ).not.toThrow()
  })

  test('refuses a name that nobody knows', () => {
    refuses({ conections: 2 }, 'conections', '2', 'an option with a typo, which would be the default in silence')
    refuses({ idempotent: 'yes' }, 'idempotent', "'yes'")
    const wrong: [string, Partial<RouterOptions>, string][] = [
      ['a priority', { routes: [{ upstream: 'pigeon', priority: 'urgent' as never }] }, 'urgent'],
      [
        'a priority that any object has',
        { routes: [{ upstream: 'pigeon', priority: 'constructor' as never }] },
        'constructor',
      ],
      ['an upstream', { routes: [{ upstream: 'pigoen', priority: 'batch' }] }, 'pigoen'],
      ['an upstream that any object has', { routes: [{ upstream: 'toString', priority: 'batch' }] }, 'toString'],
      ['an option of an upstream', { upstreams: pigeon({ sokets: 2 } as never) }, 'sokets'],
      ['an option of a default', { upstreams: pigeon({ fallback: { conections: 2 } as never }) }, 'conections'],
      ['an origin', { upstreams: pigeon({ origin: 'pigeon' }) }, 'origin'],
      ['sockets', { upstreams: pigeon({ sockets: '32' as never }) }, 'sockets'],
      ['dials at once', { upstreams: pigeon({ dialsAtOnce: 0 }) }, 'dialsAtOnce'],
      [
        'the same route again',
        {
          routes: [
            { upstream: 'pigeon', priority: 'batch' },
            { upstream: 'pigeon', priority: 'batch', queue: 1 },
          ],
        },
        'pigeon/batch',
      ],
    ]
    for (const [what, options, named] of wrong) {
      expect(() => build(options), what).toThrow(RangeError)
      expect(() => build(options), `${what}: the error names it`).toThrow(named)
    }
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
    const strange = ['constructor', '__proto__', 'default', 'critical/once', 'standard']
    for (const priority of strange) await router.run({ ...critical, priority: priority as never }, ask('/'))
    expect(unknown, 'onUnknown, of five priorities without a route').toEqual(strange)
    expect(router.stats.unknown).toBe(5)
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
    // It hears nothing: neither does what it waits for.
    const left = router.run(batch, async (dispatcher) => ask('/hang')(dispatcher), leaver.signal)
    left.catch(() => {})
    await hanging(upstream, 1)
    leaver.abort(new Error('tired of waiting'))
    expect(await outcomeOf(left), 'an exchange that does not look at its signal').toEqual({
      status: 'rejected',
      reason: new Error('tired of waiting'),
    })
    expect(await outcomeOf(router.run(batch, ask('/')), 40), 'the next call on the only place').toEqual({
      status: 'fulfilled',
      value: 'ok',
    })
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
  })

  test('cuts off what is left when the time is up', async () => {
    const { upstream, router } = await routed([{ priority: 'batch', connections: 1 }])
    const left = calls(2, router, batch, '/hang')
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
    expect(await outcomeOf(closed, 40), 'close').toMatchObject({ status: 'fulfilled' })
    expect(await eventually(() => upstream.open === 0, 40), 'all sockets are closed').toBe(true)
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
