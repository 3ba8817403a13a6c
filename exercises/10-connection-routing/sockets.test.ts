import { ConnectionRouter } from '#chapters/10-connection-routing/router.ts'
import type { RouteContext, RouteOptions, UpstreamOptions } from '#chapters/10-connection-routing/routes.ts'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import { LocalResourceError, RouterClosedError, TimeoutError } from '../../shared/core/errors.ts'
import { elapse, holdTheClock } from '../../shared/testing/clock.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'
import { scriptedUpstream } from '../../shared/testing/scripted-upstream.ts'

// The sockets are real, the clock is not: a limit passes when a test says so.
beforeEach(holdTheClock)
// undici's idle sockets keep timers of their own on the clock in our hand; they end with their sockets.
afterEach(() => {
  vi.useRealTimers()
})

const STEP_1 = 'step 1 first: each route has a number of its own in router.stats.routes'

/** A dial that waits for a word of the test. */
interface Dial {
  /** @param then is called when the socket has been handed over */
  open(then?: (socket: Socket) => void): void
  fail(error?: Error): void
}

/** Makes clients whose dials stand still until the test lets them go on. */
function heldDials() {
  const connect = buildConnector({ allowH2: false })
  const dials: Dial[] = []
  const createClient = (origin: string, connections: number) =>
    new Pool(origin, {
      connections,
      allowH2: false,
      connect: (options, callback) => {
        dials.push({
          open: (then) =>
            void connect(options, (...result) => {
              callback(...(result as [null, Socket]))
              then?.(result[1]!)
            }),
          fail: (error = Object.assign(new Error('nobody listens there'), { code: 'ECONNREFUSED' })) =>
            callback(error, null),
        })
      },
    })
  /** The number of dials that have begun so far, once it is at least that. */
  const begun = async (atLeast: number) => {
    await eventually(() => dials.length >= atLeast, 20)
    return dials.length
  }
  return { dials, begun, createClient }
}

const batch: RouteContext = { upstream: 'pigeon', priority: 'batch', idempotent: true }
const critical: RouteContext = { upstream: 'pigeon', priority: 'critical', idempotent: true }

type Routes = Omit<RouteOptions, 'upstream'>[]

async function routed(
  routes: Routes,
  {
    createClient,
    ...options
  }: Partial<UpstreamOptions> & { createClient?: ReturnType<typeof heldDials>['createClient'] } = {},
) {
  const upstream = await scriptedUpstream()
  const router = new ConnectionRouter({
    upstreams: { pigeon: { origin: upstream.origin, sockets: 32, closesIdleMs: 60_000, ...options } },
    routes: routes.map((route) => ({ upstream: 'pigeon', ...route })),
    ...(createClient && { createClient }),
  })
  onTestFinished(async () => {
    await outcomeOf(router.close({ timeoutMs: 0 }), 40)
  })
  const stats = (name = 'pigeon/batch') => router.stats.routes[name]
  return { upstream, router, stats }
}

const ask =
  (path: string, options: Partial<Dispatcher.RequestOptions> = {}) =>
  async (dispatcher: Dispatcher): Promise<string> => {
    const { body } = await dispatcher.request({ method: 'GET', path, ...options })
    return body.text()
  }

/** A call that nobody has to look at. */
function call(router: ConnectionRouter, exchange = ask('/'), context = batch, signal?: AbortSignal): Promise<string> {
  const result = router.run(context, exchange, signal)
  result.catch(() => {})
  return result
}

const answered = { status: 'fulfilled', value: 'ok' }

describe('Step 6: A dial is nobody’s', () => {
  test('lets whoever leaves during a dial hear it at once, and has the socket for the next', async () => {
    const { dials, begun, createClient } = heldDials()
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2 }], { createClient })
    const leaver = new AbortController()
    const left = call(router, ask('/left'), batch, leaver.signal)
    await begun(1)
    leaver.abort(new Error('tired of waiting'))
    expect(await outcomeOf(left), 'while the socket is still being opened').toEqual({
      status: 'rejected',
      reason: new Error('tired of waiting'),
    })
    const next = call(router)
    expect(await outcomeOf(next, 5)).toMatchObject({ status: 'pending' })
    dials[0]!.open()
    expect(await outcomeOf(next, 40), 'the next call, when that dial comes to its end').toEqual(answered)
    expect(dials.length, 'dials: the one whose caller has left is as good as any other').toBe(1)
    expect(upstream.paths, 'requests: of those who have not left').toEqual(['/'])
    expect(stats(), STEP_1).toMatchObject({ dialed: 1, dialing: 0, running: 0 })

    // With its only socket in use, and nobody there when the other one comes.
    const busy = call(router, ask('/hang'))
    await eventually(() => upstream.hanging === 1, 40)
    const late = new AbortController()
    call(router, ask('/left'), batch, late.signal)
    expect(await begun(2), 'dials, for a second call').toBe(2)
    late.abort()
    dials[1]!.open()
    await eventually(() => stats()?.free === 1, 40)
    expect(stats(), 'nobody waits for it, so it waits for somebody').toMatchObject({ connected: 2, free: 1, dialed: 2 })
    expect(await outcomeOf(call(router), 40)).toEqual(answered)
    expect(dials.length).toBe(2)
    await upstream.release()
    expect(await outcomeOf(busy)).toEqual(answered)
  })

  test('gives a socket that comes back to whoever waits for a dial, and keeps the new one', async () => {
    const { dials, begun, createClient } = heldDials()
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2 }], { createClient })
    const first = call(router, ask('/hang'))
    await begun(1)
    dials[0]!.open()
    await eventually(() => upstream.hanging === 1, 40)
    const second = call(router)
    expect(await begun(2), 'dials: the first has a socket, the second needs one').toBe(2)
    await upstream.release()
    expect(await outcomeOf(first)).toEqual(answered)
    expect(await outcomeOf(second, 40), 'a socket has come back, and its own dial has not ended').toEqual(answered)
    dials[1]!.open()
    await eventually(() => stats()?.free === 2, 40)
    expect(stats(), 'both sockets are there').toMatchObject({ connected: 2, free: 2, dialing: 0 })
  })

  test('fails one call for one dial that failed', async () => {
    const { dials, begun, createClient } = heldDials()
    const { router, stats } = await routed([{ priority: 'batch', connections: 3 }], { createClient })
    const all = [call(router), call(router), call(router)]
    expect(await begun(3), 'dials for three calls at once').toBe(3)
    dials[1]!.fail()
    await eventually(() => stats()?.dialFailed === 1)
    const states = await Promise.all(all.map((each) => outcomeOf(each, 5)))
    expect(states.filter(({ status }) => status === 'rejected').length, 'of three, one has failed').toBe(1)
    expect(states.filter(({ status }) => status === 'pending').length, 'and two wait for their dials').toBe(2)
    dials[0]!.open()
    dials[2]!.open()
    const ends = await Promise.all(all.map((each) => outcomeOf(each, 40)))
    expect(ends.filter(({ status }) => status === 'fulfilled').length, 'of three, with two sockets').toBe(2)
    expect(stats(), STEP_1).toMatchObject({ dialed: 2, dialFailed: 1, running: 0 })
  })

  test('gives up on a dial after its time, and not a tick later', async () => {
    const { dials, begun, createClient } = heldDials()
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 1, connectMs: 100 }], {
      dialsAtOnce: 1,
      createClient,
    })
    const lost = call(router)
    await begun(1)
    await elapse(99)
    expect(await outcomeOf(lost, 3), 'connectMs: 100, after 99').toMatchObject({ status: 'pending' })
    await elapse(1)
    const late = await outcomeOf(lost)
    expect(late, 'connectMs: 100, after 100').toMatchObject({ status: 'rejected', reason: expect.any(TimeoutError) })
    expect(late, 'how long that was, and whose fault: undici’s own error is its cause').toMatchObject({
      reason: { elapsedMs: 100, cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } },
    })
    expect(stats(), STEP_1).toMatchObject({ dialFailed: 1, dialing: 0, connected: 0 })
    const next = call(router)
    expect(await begun(2), 'dials: the next call has one of its own').toBe(2)
    expect(await outcomeOf(next, 3)).toMatchObject({ status: 'pending' })
    dials[0]!.open()
    await eventually(() => upstream.opened === 1, 40)
    expect(
      await eventually(() => upstream.open === 0, 40),
      'what opens after connectMs is closed, or nobody would',
    ).toBe(true)
    expect(stats(), 'and is no socket of the route').toMatchObject({ connected: 0, dialed: 0 })
  })

  test('has the socket for the next when its caller leaves just as it comes', async () => {
    for (let turns = 0; turns < 8; turns++) {
      const { dials, begun, createClient } = heldDials()
      const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 1 }], { createClient })
      const leaver = new AbortController()
      const left = call(router, ask('/left'), batch, leaver.signal)
      await begun(1)
      dials[0]!.open(async () => {
        // From the first moment on in which the socket is there, with somebody who has not sent anything yet.
        for (let i = 0; i < 50 && stats()?.dialed === 0; i++) await null
        for (let i = 0; i < turns; i++) await null
        leaver.abort(new Error('just now'))
      })
      expect(await outcomeOf(left, 40), 'who has left').toEqual({ status: 'rejected', reason: new Error('just now') })
      const next = call(router)
      // Who had written something by then has lost the socket, and needs another one.
      if ((await begun(2)) === 2) dials[1]!.open()
      expect(
        await outcomeOf(next, 40),
        'the next call, on a route with connections: 1: is the socket still with who left?',
      ).toEqual(answered)
      expect(stats(), 'and when it is over').toMatchObject({ connected: 1, free: 1, dialing: 0, running: 0 })
      if (dials.length === 1)
        expect(
          upstream.paths,
          `requests by the socket that the next one has, when the first has left ${turns} microtasks after it came`,
        ).toEqual(['/'])
    }
  })

  test('ends the dials when it closes, and begins none of those in the line', async () => {
    const { dials, begun, createClient } = heldDials()
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2 }], {
      dialsAtOnce: 1,
      createClient,
    })
    const all = [call(router), call(router)]
    expect(await begun(2), 'dials, with dialsAtOnce: 1 and two calls').toBe(1)
    expect(stats(), 'one dial is under way, and one in the line').toMatchObject({ dialing: 2 })
    const closed = router.close({ timeoutMs: 0 })
    await elapse(5)
    for (const each of all) expect(await outcomeOf(each)).toMatchObject({ reason: expect.any(RouterClosedError) })
    expect(await outcomeOf(closed, 40), 'close, with a dial that hangs: it has 995 ms left').toMatchObject({
      status: 'fulfilled',
    })
    expect(dials.length, 'dials: none begins when all is over').toBe(1)
    dials[0]!.open()
    await eventually(() => upstream.opened === 1, 40)
    expect(await eventually(() => upstream.open === 0, 40), 'what opens after close is closed').toBe(true)

    // Before the socket is anybody's, as it comes, and when it has come.
    for (let turns = 0; turns < 12; turns++) {
      const held = heldDials()
      const just = await routed([{ priority: 'batch' }], { createClient: held.createClient })
      const leaver = new AbortController()
      call(just.router, ask('/left'), batch, leaver.signal)
      await held.begun(1)
      leaver.abort()
      held.dials[0]!.open(async () => {
        for (let i = 0; i < turns; i++) await null
        void just.router.close({ timeoutMs: 0 })
      })
      await eventually(() => just.upstream.opened === 1, 40)
      expect(
        await eventually(() => just.upstream.open === 0, 40),
        `a socket that comes for nobody, ${turns} microtasks before close: it is closed, too`,
      ).toBe(true)
    }
  })

  test('opens a few sockets at a time to an upstream, over all its routes', async () => {
    const { dials, begun, createClient } = heldDials()
    const { router, stats } = await routed(
      [
        { priority: 'batch', connections: 4 },
        { priority: 'critical', connections: 4, connectMs: 100 },
      ],
      { dialsAtOnce: 3, createClient },
    )
    const all = [...Array(4)].flatMap(() => [call(router), call(router, ask('/'), critical)])
    await begun(4)
    expect(dials.length, 'dials that have begun, with dialsAtOnce: 3 and eight calls on two routes').toBe(3)
    expect(stats(), 'dialing: those in the line are among them').toMatchObject({ dialing: 4 })
    for (let i = 0; i < 8; i++) {
      expect(await begun(i + 1), 'dials: one ends, the next begins').toBeGreaterThan(i)
      // Of the time of a dial, none has gone by when its turn comes.
      await elapse(20)
      dials[i]!.open()
      await eventually(() => (stats()?.dialed ?? 0) + (stats('pigeon/critical')?.dialed ?? 0) > i, 40)
    }
    for (const each of all) expect(await outcomeOf(each, 40)).toEqual(answered)
    expect(stats('pigeon/critical'), 'connectMs: 100, of which the wait for one’s turn is no part').toMatchObject({
      dialFailed: 0,
      dialed: 4,
    })
  })
})

describe('Step 7: Warm before ready', () => {
  test('opens what is to be warm, without a request, and uses it for the first calls', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', warm: 3 }, { priority: 'critical' }])
    const warm = await router.prewarm({ timeoutMs: 5000 })
    expect(warm, 'prewarm, of a route with warm: 3').toEqual({ wanted: 3, opened: 3 })
    expect(stats(), STEP_1).toMatchObject({ connected: 3, free: 3, dialed: 3 })
    await eventually(() => upstream.opened === 3)
    expect({ opened: upstream.opened, paths: upstream.paths }, 'what the upstream has seen').toEqual({
      opened: 3,
      paths: [],
    })
    const all = [call(router), call(router), call(router)]
    for (const each of all) expect(await outcomeOf(each, 40)).toEqual(answered)
    expect(upstream.opened, 'sockets, when three calls have come at once').toBe(3)
    expect(await router.prewarm({ timeoutMs: 5000 }), 'once more: they are there').toEqual({ wanted: 3, opened: 3 })
    expect(upstream.opened).toBe(3)
  })

  test('does not knock again where nobody opens, and never rejects', async () => {
    const { dials, begun, createClient } = heldDials()
    const { upstream, router } = await routed(
      [
        { priority: 'batch', warm: 8 },
        { priority: 'critical', warm: 8 },
      ],
      {
        dialsAtOnce: 2,
        createClient,
      },
    )
    const swift = new ConnectionRouter({
      upstreams: {
        pigeon: { origin: 'http://127.0.0.1:1', sockets: 32, closesIdleMs: 60_000, dialsAtOnce: 1 },
        swift: { origin: upstream.origin, sockets: 32, closesIdleMs: 60_000 },
      },
      routes: [
        { upstream: 'pigeon', priority: 'batch', warm: 2 },
        { upstream: 'swift', priority: 'batch', warm: 2 },
      ],
    })
    onTestFinished(async () => void (await outcomeOf(swift.close({ timeoutMs: 0 }), 40)))
    expect(await swift.prewarm({ timeoutMs: 5000 }), 'two of swift, and none of pigeon, which is not there').toEqual({
      wanted: 4,
      opened: 2,
    })
    expect(swift.stats.routes['pigeon/batch']?.dialFailed, 'dials to pigeon: the first has failed').toBe(1)

    const warming = router.prewarm({ timeoutMs: 5000 })
    expect(await begun(2), 'dials that have begun, with dialsAtOnce: 2').toBe(2)
    dials[0]!.open()
    expect(await begun(3), 'and when the first has come to its end').toBe(3)
    dials[1]!.fail()
    dials[2]!.open()
    const outcome = await outcomeOf(warming, 40)
    expect(outcome, 'the second of sixteen dials has failed').toMatchObject({
      status: 'fulfilled',
      value: { wanted: 16, opened: 2 },
    })
    expect(dials.length, 'dials: none begins after one has failed').toBe(3)
  })

  test('warms one upstream while another one hangs, and the default’s sockets, too', async () => {
    const { begun, createClient } = heldDials()
    const upstream = await scriptedUpstream()
    const others = { sockets: 32, closesIdleMs: 60_000 }
    const router = new ConnectionRouter({
      upstreams: {
        hangs: { origin: 'http://127.0.0.1:9', ...others },
        fails: { origin: 'http://127.0.0.1:1', ...others },
        swift: { origin: upstream.origin, ...others, fallback: { warm: 1 } },
      },
      routes: [
        { upstream: 'hangs', priority: 'batch', warm: 5 },
        { upstream: 'fails', priority: 'batch', warm: 1 },
        { upstream: 'swift', priority: 'batch', warm: 5 },
      ],
      createClient: (origin, connections) =>
        origin.endsWith(':9') ? createClient(origin, connections) : new Pool(origin, { connections, allowH2: false }),
    })
    onTestFinished(async () => void (await outcomeOf(router.close({ timeoutMs: 0 }), 40)))
    const warming = router.prewarm({ timeoutMs: 500 })
    await begun(4)
    await eventually(() => upstream.opened === 6, 40)
    expect(upstream.opened, 'sockets of swift, while another upstream hangs and a third one refuses').toBe(6)
    await elapse(500)
    expect(await outcomeOf(warming), 'all that there were to be: 5, 1, 5, and 1 of swift’s default').toEqual({
      status: 'fulfilled',
      value: { wanted: 12, opened: 6 },
    })
  })

  test('gives no time or all there is, and refuses what is no time', async () => {
    const { dials, begun, createClient } = heldDials()
    const { router } = await routed([{ priority: 'batch', warm: 1 }], { createClient })
    for (const timeoutMs of [NaN, -1, '500'] as number[]) {
      expect(
        await outcomeOf((async () => router.prewarm({ timeoutMs }))(), 3),
        `timeoutMs: ${timeoutMs}`,
      ).toMatchObject({
        reason: expect.any(RangeError),
      })
    }
    const warming = router.prewarm({ timeoutMs: Infinity })
    await begun(1)
    await elapse(5)
    expect(await outcomeOf(warming, 2), 'timeoutMs: Infinity (a timer of so much fires after 1 ms)').toEqual({
      status: 'pending',
    })
    dials[0]!.open()
    expect(await outcomeOf(warming, 40)).toEqual({ status: 'fulfilled', value: { wanted: 1, opened: 1 } })
    await router.close({ timeoutMs: 0 })
    expect(vi.getTimerCount(), 'timers that are left: the process would wait for them').toBe(0)
  })

  test('comes to its end in time, and begins no dial after it', async () => {
    const { dials, begun, createClient } = heldDials()
    const { router, stats } = await routed([{ priority: 'batch', warm: 4 }], { dialsAtOnce: 2, createClient })
    const warming = router.prewarm({ timeoutMs: 500 })
    await begun(2)
    await elapse(499)
    expect(await outcomeOf(warming, 3), 'timeoutMs: 500, after 499, and the dials hang').toMatchObject({
      status: 'pending',
    })
    await elapse(1)
    expect(await outcomeOf(warming), 'after 500').toEqual({ status: 'fulfilled', value: { wanted: 4, opened: 0 } })
    for (const dial of dials) dial.open()
    await eventually(() => stats()?.free === 2, 40)
    expect(stats(), 'what came after that is there all the same').toMatchObject({ connected: 2, free: 2 })
    expect(dials.length, 'dials').toBe(2)
  })

  test('is no more than the route may have, with calls under way', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2, warm: 2 }])
    const hanging = call(router, ask('/hang'))
    await eventually(() => upstream.hanging === 1, 40)
    expect(await router.prewarm({ timeoutMs: 5000 }), 'one socket is in use, and one more is opened').toEqual({
      wanted: 2,
      opened: 2,
    })
    expect(stats(), STEP_1).toMatchObject({ connected: 2, free: 1, dialed: 2 })
    router.replace('pigeon/batch', { warm: 1 })
    await call(router)
    expect(
      await router.prewarm({ timeoutMs: 5000 }),
      'two of one that was to be: what was opened is never more',
    ).toEqual({
      wanted: 1,
      opened: 1,
    })
    await upstream.release()
    expect(await outcomeOf(hanging)).toEqual(answered)
  })
})

describe('Step 8: New limits, live', () => {
  test('fails nobody who is under way or in the queue, however few may be there from now on', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 3, queue: 8 }])
    const all = Array.from({ length: 8 }, () => call(router, ask('/hang')))
    await eventually(() => upstream.hanging === 3, 40)
    expect(stats(), STEP_1).toMatchObject({ running: 3, queued: 5 })
    router.replace('pigeon/batch', { connections: 1, queue: 1 })
    expect(stats(), 'those who wait already').toMatchObject({ running: 3, queued: 5, refused: 0 })
    expect(await outcomeOf(call(router)), 'a newcomer, with queue: 1').toMatchObject({ reason: { why: 'full' } })
    for (const each of all) {
      expect(await eventually(() => upstream.hanging > 0, 40), 'the next one’s turn').toBe(true)
      expect(stats()!.connected + stats()!.dialing, 'sockets, of which there may be three at most').toBeLessThan(4)
      await upstream.release()
      expect(await outcomeOf(each, 40)).toEqual(answered)
    }
    expect(await outcomeOf(call(router), 40)).toEqual(answered)
    expect(stats()).toMatchObject({ connected: 1, running: 0 })

    // Let in by the larger limit, and still without a socket.
    const { dials, begun, createClient } = heldDials()
    const held = await routed([{ priority: 'batch', connections: 3 }], { createClient })
    const [served, fails, waits] = [call(held.router, ask('/hang')), call(held.router), call(held.router)]
    await begun(3)
    dials[0]!.open()
    await eventually(() => held.upstream.hanging === 1, 40)
    held.router.replace('pigeon/batch', { connections: 1 })
    dials[1]!.open()
    await eventually(() => held.upstream.opened === 2, 40)
    await held.upstream.release()
    expect(await outcomeOf(served, 40)).toEqual(answered)
    dials[2]!.fail()
    expect(await outcomeOf(fails, 40), 'one dial that failed, one call').toMatchObject({ status: 'rejected' })
    expect(await begun(4), 'dials: one more, for who still waits').toBeGreaterThan(3)
    for (const dial of dials.slice(3)) dial.open()
    expect(await outcomeOf(waits, 40)).toEqual(answered)
  })

  test('opens its sockets anew, and stays within the larger limit while it does', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2 }])
    const [under, way] = [call(router, ask('/hang')), call(router, ask('/hang'))]
    await eventually(() => upstream.hanging === 2, 40)
    await upstream.release()
    expect(await outcomeOf(under, 40)).toEqual(answered)
    expect(stats(), STEP_1).toMatchObject({ connected: 2, free: 1 })
    router.replace('pigeon/batch', {})
    expect(stats(), 'what is idle is closed, what is in use is not').toMatchObject({ connected: 1, free: 0 })
    expect(await eventually(() => upstream.open === 1, 40), 'closed, and not forgotten only').toBe(true)
    const counted: number[] = []
    const counting = (path: string) => async (dispatcher: Dispatcher) => {
      const count = () => counted.push(stats()!.connected + stats()!.dialing)
      count()
      const answer = ask(path)(dispatcher)
      await Promise.resolve().then(count)
      await answer.finally(count)
      return answer
    }
    const more = [call(router, counting('/hang')), call(router, counting('/'))]
    await eventually(() => upstream.hanging === 2, 40)
    await upstream.release()
    expect(await outcomeOf(way, 40)).toEqual(answered)
    await upstream.release()
    for (const each of more) expect(await outcomeOf(each, 40)).toEqual(answered)
    expect(upstream.opened, 'sockets: two before, and new ones after that').toBeGreaterThan(2)
    expect(
      Math.max(...counted),
      'sockets at a time, at most: those that are open, and those that are being opened',
    ).toBe(2)
    const opened = upstream.opened
    for (let i = 0; i < 3; i++) await call(router)
    expect(upstream.opened, 'and no further ones').toBe(opened)
  })

  test('lets in at once for whom there is room now', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 1 }])
    const all = Array.from({ length: 3 }, () => call(router, ask('/hang')))
    await eventually(() => upstream.hanging === 1, 40)
    router.replace('pigeon/batch', { connections: 3 })
    expect(await eventually(() => upstream.hanging === 3, 40), 'three of three calls, when three may run').toBe(true)
    expect(stats(), STEP_1).toMatchObject({ running: 3, queued: 0 })
    for (const each of all) {
      await upstream.release()
      expect(await outcomeOf(each, 40)).toEqual(answered)
    }

    // With the first in use, the second waits for a dial from before the change, which will not do.
    const waiting = async () => {
      const { dials, begun, createClient } = heldDials()
      const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2 }], { createClient })
      const served = call(router, ask('/hang'))
      await begun(1)
      dials[0]!.open()
      await eventually(() => upstream.hanging === 1, 40)
      const waits = call(router)
      await begun(2)
      router.replace('pigeon/batch', { connections: 1 })
      dials[1]!.open()
      await eventually(() => stats()?.dialing === 0 || dials.length > 2, 40)
      return { dials, begun, upstream, router, served, waits }
    }
    const more = await waiting()
    more.router.replace('pigeon/batch', { connections: 2 })
    expect(await more.begun(3), 'dials: there is room for a second socket, while the first is in use').toBeGreaterThan(
      2,
    )
    const less = await waiting()
    await less.upstream.release()
    expect(await less.begun(3), 'dials: the one socket that there may be has come back').toBeGreaterThan(2)
    for (const { dials, waits, served, upstream } of [more, less]) {
      for (const dial of dials.slice(2)) dial.open()
      if (await eventually(() => dials.length > 3, 5)) dials[3]!.open()
      expect(await outcomeOf(waits, 40), 'who has waited').toEqual(answered)
      if (upstream.hanging > 0) await upstream.release()
      expect(await outcomeOf(served, 40), 'who was served').toEqual(answered)
    }
  })

  test('opens anew what is being opened, and gives nothing from before to who waits', async () => {
    const { dials, begun, createClient } = heldDials()
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2 }], { createClient })
    const under = call(router, ask('/hang'))
    await begun(1)
    dials[0]!.open()
    await eventually(() => upstream.hanging === 1, 40)
    const waits = call(router)
    expect(await begun(2)).toBe(2)
    router.replace('pigeon/batch', {})
    await upstream.release()
    expect(await outcomeOf(under, 40), 'who was under way').toEqual(answered)
    expect(await outcomeOf(waits, 5), 'who waits for a socket, and would not have one from before').toMatchObject({
      status: 'pending',
    })
    dials[1]!.open()
    await eventually(() => upstream.opened === 2, 40)
    expect(await begun(3), 'dials: the second began before the change, to where DNS pointed then').toBe(3)
    dials[2]!.open()
    expect(await outcomeOf(waits, 40), 'and with the one that began after it').toEqual(answered)
    expect(await eventually(() => upstream.open === 1, 40), 'the two from before are closed').toBe(true)
    expect(stats()).toMatchObject({ connected: 1, free: 1, running: 0 })
  })

  test('goes by each of the new limits', async () => {
    const { dials, begun, createClient } = heldDials()
    const { router, stats } = await routed([{ priority: 'batch', connections: 1 }], { createClient })
    router.replace('pigeon/batch', { queueMs: 20, connectMs: 50 })
    const [lost, waits] = [call(router), call(router)]
    await begun(1)
    await elapse(20)
    expect(await outcomeOf(waits), 'queueMs: 20 by now, after 20').toMatchObject({ reason: { why: 'waited' } })
    await elapse(30)
    expect(await outcomeOf(lost), 'connectMs: 50 by now, after 50').toMatchObject({ reason: expect.any(TimeoutError) })
    router.replace('pigeon/batch', { idleMs: 500, warm: 1 })
    const warming = router.prewarm({ timeoutMs: 5000 })
    expect(await begun(2), 'dials: warm is 1 by now').toBe(2)
    dials[1]!.open()
    expect(await outcomeOf(warming, 40)).toEqual({ status: 'fulfilled', value: { wanted: 1, opened: 1 } })
    await elapse(500)
    const next = call(router)
    expect(await begun(3), 'dials: idleMs is 500 by now, and the socket has been idle for 500').toBe(3)
    dials[2]!.open()
    expect(await outcomeOf(next, 40)).toEqual(answered)
    expect(stats()).toMatchObject({ connected: 1, waited: 1, dialFailed: 1 })
  })

  test('changes nothing when the new limits are none', async () => {
    const { upstream, router, stats } = await routed(
      [
        { priority: 'batch', connections: 2, warm: 2 },
        { priority: 'critical', connections: 2 },
      ],
      { sockets: 6, fallback: { connections: 1 } },
    )
    await call(router)
    const wrong: [string, string, object][] = [
      ['more than the upstream has', 'pigeon/batch', { connections: 4 }],
      ['a string', 'pigeon/batch', { connections: '1' }],
      ['one that is right and one that is none', 'pigeon/batch', { connections: 1, queueMs: NaN }],
      ['fewer than are to be warm', 'pigeon/batch', { connections: 1 }],
      ['idle until the upstream closes it', 'pigeon/batch', { idleMs: 59_001 }],
      ['an option that nobody knows', 'pigeon/batch', { conections: 1 }],
      ['a route that nobody knows', 'pigeon/bacth', { connections: 1 }],
    ]
    for (const [what, name, limits] of wrong) {
      const use = () => router.replace(name, limits)
      expect(use, `${what}: replace has to throw a RangeError`).toThrow(RangeError)
      expect(use, `${what}: the error names the route`).toThrow(name)
    }
    const [one, two] = [call(router, ask('/hang')), call(router, ask('/hang'))]
    await eventually(() => upstream.hanging === 2, 40)
    expect(stats(), 'two at a time, as before').toMatchObject({ running: 2, queued: 0 })
    expect(upstream.opened, 'sockets: the one that was there is one of them').toBe(2)
    for (const each of [one, two]) {
      await upstream.release()
      expect(await outcomeOf(each, 40)).toEqual(answered)
    }
    expect(() => router.replace('pigeon/batch', { connections: 3 }), 'as many as there are left').not.toThrow()
  })
})

describe('Step 9: Idle, then stale', () => {
  test('does not use a socket that has been idle for too long', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2, idleMs: 1000 }])
    await call(router)
    expect(stats(), STEP_1).toMatchObject({ free: 1 })
    await elapse(999)
    await call(router)
    expect(upstream.opened, 'sockets, with idleMs: 1000 and a pause of 999').toBe(1)
    await elapse(999)
    await call(router)
    expect(upstream.opened, 'and another one: it is old, but has never been idle for so long').toBe(1)
    await elapse(1000)
    await call(router)
    expect(upstream.opened, 'and after one of 1000').toBe(2)
    expect(await eventually(() => upstream.open === 1, 40), 'the old one is closed, as the upstream sees it').toBe(true)
    expect(stats(), 'the old one is closed').toMatchObject({ connected: 1, free: 1 })
  })

  test('sends again what a socket has swallowed that had died while it was idle', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2 }])
    for (const [what, options, by] of [
      ['no body', {}, 'destroy'],
      ['a string', { method: 'POST', body: 'text' }, 'destroy'],
      ['bytes', { method: 'POST', body: Buffer.from('bytes') }, 'destroy'],
      ['a reset for an answer', {}, 'resetAndDestroy'],
    ] as const) {
      await call(router)
      const before = upstream.paths.length
      upstream.dies(true, by)
      expect(await outcomeOf(call(router, ask('/again', options)), 60), `idempotent, with ${what}`).toEqual(answered)
      expect(upstream.paths.slice(before), 'what the upstream has seen: it once hung up on it').toEqual([
        '/again',
        '/again',
      ])
    }
    expect(stats(), STEP_1).toMatchObject({ stale: 4 })

    const { dials, begun, createClient } = heldDials()
    const broken = await routed([{ priority: 'batch', connections: 1 }], { createClient })
    const before = call(broken.router)
    await begun(1)
    let socket: Socket | undefined
    dials[0]!.open((opened) => (socket = opened))
    expect(await outcomeOf(before, 40)).toEqual(answered)
    const again = call(broken.router, ask('/hang'))
    await eventually(() => broken.upstream.hanging === 1, 40)
    socket!.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    if ((await begun(2)) === 2) dials[1]!.open()
    await eventually(() => broken.upstream.paths.length === 3 && broken.upstream.hanging === 1, 40)
    await broken.upstream.release()
    expect(await outcomeOf(again, 40), 'EPIPE, which is the system’s word for a dead socket, too').toEqual(answered)
  })

  test('sends nothing again that may have been done, or cannot be', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2 }])
    const lost = async (what: string, exchange = ask('/once'), context = batch) => {
      const before = upstream.paths.length
      const outcome = await outcomeOf(call(router, exchange, context), 60)
      expect(outcome, what).toMatchObject({ status: 'rejected' })
      expect(upstream.paths.slice(before), `requests: ${what}`).toHaveLength(1)
    }
    expect(stats(), STEP_1).toMatchObject({ connected: 0 })
    upstream.dies(true)
    await lost('a socket that was opened for it')
    await call(router)
    upstream.dies(true)
    await lost('a call that is not idempotent', ask('/once'), { ...batch, idempotent: false })
    await call(router)
    upstream.dies(true)
    await lost('a stream', ask('/once', { method: 'POST', body: Readable.from(['a', 'b']) }))
    await call(router)
    upstream.dies(true)
    const generator = async function* () {
      yield 'a'
    }
    await lost('a generator, which is a stream, too', ask('/once', { method: 'POST', body: generator() as never }))
    await call(router)
    const caller = new AbortController()
    const calledOff = lost('a request that its own signal calls off', ask('/hang', { signal: caller.signal }))
    await eventually(() => upstream.hanging === 1, 40)
    caller.abort()
    await calledOff
    await call(router)
    await lost('half an answer', ask('/half'))
    await call(router)
    await lost('an answer that has begun', ask('/word'))
    expect(stats()).toMatchObject({ stale: 0, running: 0 })
  })

  test('takes another socket for what was never written, also for a call that is not idempotent', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 1 }])
    const once = { ...batch, idempotent: false }
    const last = call(router, ask('/last'), once)
    const next = call(router, ask('/next'), once)
    expect(await outcomeOf(last, 40), 'an answer with Connection: close').toEqual(answered)
    expect(await outcomeOf(next, 40), 'the call that waited, and was given a socket that is about to close').toEqual(
      answered,
    )
    const both = async (dispatcher: Dispatcher) => {
      await ask('/half')(dispatcher).catch(() => {})
      await ask('/last')(dispatcher)
      return ask('/next')(dispatcher)
    }
    expect(await outcomeOf(call(router, both, once), 60), 'three requests of an exchange, a socket each').toEqual(
      answered,
    )
    expect(upstream.paths, 'requests, each of them once').toEqual(['/last', '/next', '/half', '/last', '/next'])
    expect(stats(), STEP_1).toMatchObject({ running: 0 })
    expect(stats(), 'nothing was sent twice, and nothing left that one could have read').toMatchObject({
      stale: 0,
      dropped: 0,
    })
  })

  test('forgets a socket when the upstream closes it', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2 }])
    await call(router)
    expect(stats(), STEP_1).toMatchObject({ connected: 1, free: 1 })
    upstream.hangUp()
    await eventually(() => stats()?.connected === 0, 40)
    expect(stats(), 'the upstream has closed it').toMatchObject({ connected: 0, free: 0 })
    const next = call(router, ask('/next'), { ...batch, idempotent: false })
    expect(await outcomeOf(next, 40), 'a call that cannot be sent again').toEqual(answered)
    expect(stats(), 'it has one of its own').toMatchObject({ connected: 1, free: 1, dialed: 2, stale: 0 })
    await Promise.all([call(router), call(router)])
    expect(await eventually(() => stats()?.free === 2, 40), 'two sockets for two calls').toBe(true)
    await outcomeOf(call(router, ask('/half')), 40)
    expect(stats(), 'one of two ends while it is in use: the idle one is still there').toMatchObject({
      connected: 1,
      free: 1,
    })
  })

  test('does not try one dead socket after the other', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 4, warm: 4 }])
    await router.prewarm({ timeoutMs: 5000 })
    expect(stats(), 'four sockets, all of an age').toMatchObject({ free: 4 })
    const served = call(router, ask('/hang'))
    await eventually(() => upstream.hanging === 1, 40)
    upstream.dies()
    const outcome = await outcomeOf(call(router), 60)
    expect(outcome, 'an upstream that hangs up on everybody').toMatchObject({ status: 'rejected' })
    expect(upstream.paths, 'requests: by an old socket, and by one that is new').toEqual(['/hang', '/', '/'])
    expect(stats()).toMatchObject({ stale: 1, running: 1 })
    expect(
      await eventually(() => upstream.open === 1, 40),
      'the other idle ones are closed, and not forgotten only',
    ).toBe(true)
    await upstream.release()
    expect(await outcomeOf(served, 40), 'whose socket was in use, and not idle').toEqual(answered)
  })
})

describe('Step 10: Out of sockets', () => {
  test('says what this machine has run out of, and where there is more of it', async () => {
    for (const [code, resource, knob] of [
      ['EMFILE', 'file descriptors', 'ulimit -n'],
      ['ENFILE', 'file descriptors', 'fs.file-max'],
      ['EADDRNOTAVAIL', 'ports', 'ip_local_port_range'],
      ['ENOBUFS', 'memory', 'tcp_mem'],
    ] as const) {
      const { dials, begun, createClient } = heldDials()
      const { router } = await routed([{ priority: 'batch', connections: 1 }], { createClient })
      const result = call(router)
      await begun(1)
      const cause = Object.assign(new Error(`connect ${code}`), { code })
      dials[0]!.fail(cause)
      const outcome = await outcomeOf(result)
      expect(outcome, code).toMatchObject({ status: 'rejected', reason: expect.any(LocalResourceError) })
      const { reason } = outcome as { reason: LocalResourceError }
      expect(reason.resource, `${code}: what there is no more of`).toContain(resource)
      expect(reason.knob, `${code}: where there is more`).toContain(knob)
      expect(reason.cause, `${code}: the system’s own error`).toBe(cause)
    }
    const { dials, begun, createClient } = heldDials()
    const { router } = await routed([{ priority: 'batch', connections: 1 }], { createClient })
    const refused = call(router)
    await begun(1)
    dials[0]!.fail()
    expect(await outcomeOf(refused), 'what is the upstream’s own affair stays that').toMatchObject({
      reason: { code: 'ECONNREFUSED' },
    })
  })
})

describe('Step 11: What a route tells', () => {
  test('tells how its routes are, also those that nobody has used', async () => {
    const { upstream, router, stats } = await routed([{ priority: 'batch', connections: 2, queue: 1, queueMs: 100 }])
    const nothing = {
      connected: 0,
      free: 0,
      dialing: 0,
      dialed: 0,
      dialFailed: 0,
      dropped: 0,
      stale: 0,
      running: 0,
      queued: 0,
      refused: 0,
      waited: 0,
    }
    expect(router.stats, 'before the first call').toEqual({
      unknown: 0,
      routes: { 'pigeon/default': nothing, 'pigeon/batch': nothing },
    })
    const all = Array.from({ length: 4 }, () => call(router, ask('/hang')))
    await eventually(() => upstream.hanging === 2, 40)
    expect(stats(), 'two run, one waits, one was refused').toEqual({
      ...nothing,
      connected: 2,
      dialed: 2,
      running: 2,
      queued: 1,
      refused: 1,
    })
    await elapse(100)
    await upstream.release()
    await upstream.release()
    for (const each of all) await outcomeOf(each)
    expect(stats(), 'and when it is over').toEqual({
      ...nothing,
      connected: 2,
      free: 2,
      dialed: 2,
      refused: 1,
      waited: 1,
    })
    expect(router.stats.routes['pigeon/default'], 'the other one').toEqual(nothing)
  })
})
