import { type GatherOptions, type Leg, scatterGather } from '#chapters/05-scatter-gather/scatter-gather.ts'
import { getEventListeners, once } from 'node:events'
import type { RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { Agent, type Dispatcher, request } from 'undici'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { NotNeededError, TimeoutError } from '../../shared/core/errors.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { clockLeaps } from '../../shared/testing/clock.ts'
import { http } from '../../shared/testing/http.ts'
import { eventually, outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
  // No process is asked at the instant 0, at which an instant and a duration look alike.
  vi.advanceTimersByTime(5_000)
})

/** A leg that answers after `ms`, or fails then; it stops when it is told to. */
const answers = (ms: number, value = `after ${ms}`) =>
  vi.fn<Leg<string>>((signal) => sleep(ms, signal).then(() => value))
const fails = (ms: number, reason: unknown) =>
  vi.fn<Leg<string>>((signal) => sleep(ms, signal).then(() => Promise.reject(reason)))
/** One that does not listen to its signal. */
const deaf = (ms: number, value = `after ${ms}`) => vi.fn<Leg<string>>(() => sleep(ms).then(() => value))
const never = () => vi.fn<Leg<string>>(() => new Promise(() => {}))

/** The deadline that it was told; NaN for one that was not asked. */
const told = (leg: ReturnType<typeof answers>) => leg.mock.lastCall?.[1] ?? NaN
const timesAsked = (leg: ReturnType<typeof answers>) => leg.mock.calls.length
/** The signals that the legs were given, in the order of the legs; undefined for one that was not asked. */
const signalsOf = (...legs: ReturnType<typeof answers>[]) => legs.map((leg) => leg.mock.lastCall?.[0])
const aborted = (...legs: ReturnType<typeof answers>[]) => signalsOf(...legs).map((signal) => signal?.aborted)

/** Begins a gathering that is looked at later: a rejection until then is for the test to find, and not for the process. */
function begin<T>(...[legs, options]: Parameters<typeof scatterGather<T>>) {
  const gathering = scatterGather(legs, options)
  gathering.catch(() => {})
  return gathering
}

/** How a gathering stands when `ms` of virtual time have gone by. */
async function after<T>(ms: number, gathering: Promise<T>) {
  gathering.catch(() => {})
  await vi.advanceTimersByTimeAsync(ms)
  return outcomeOf(gathering, 20)
}

const fulfilled = (value: unknown) => ({ status: 'fulfilled', value })
const rejected = (reason: unknown) => ({ status: 'rejected', reason })
/** Gathered, with these results. */
const gathered = (...results: unknown[]) => ({ status: 'fulfilled', value: results })
/** For whoever counts on a clock that no test turns. */
const clock = 'is it on the global setTimeout and performance.now()?'
const timedOut = rejected(expect.any(TimeoutError))
const notNeeded = rejected(expect.any(NotNeededError))

describe('Step 1: Ask them all at once', () => {
  test('takes as long as the slowest carrier, not as all of them together', async () => {
    const outcome = await after(30, scatterGather([answers(10), answers(20), answers(30)]))
    expect(outcome.status, 'one after the other takes 60 ms: begin them all, then wait').toBe('fulfilled')
  })

  test('keeps the order of the legs, whoever answers first', async () => {
    const outcome = await after(
      30,
      scatterGather([answers(30, 'pigeon'), answers(10, 'swift'), answers(20, 'kestrel')]),
    )
    expect(outcome, 'the third answer must be the answer of the third leg').toEqual(
      gathered(fulfilled('pigeon'), fulfilled('swift'), fulfilled('kestrel')),
    )
  })

  test('has one failure sink nobody else', async () => {
    const error = new Error('out of pigeons')
    const throws: Leg<string> = () => {
      throw error
    }
    const outcome = await after(
      20,
      scatterGather([answers(20), fails(10, error), throws, fails(0, undefined), answers(10, '')]),
    )
    expect(
      outcome,
      'the answers that came, be they empty, and for each failure what was thrown, be it undefined; also of a leg that throws before it returns a promise',
    ).toEqual(gathered(fulfilled('after 20'), rejected(error), rejected(error), rejected(undefined), fulfilled('')))
  })

  test('does not wait when there is nobody to wait for', async () => {
    const nobody = await after(0, scatterGather([], { timeoutMs: 1_000, enough: 1 }))
    expect(nobody, 'no legs, no answers, and no waiting for a first one that nobody will give').toEqual(gathered())
    const itsOwn = [new TimeoutError('no pigeon within 5 ms'), new DOMException('the proxy hung up', 'AbortError')]
    const [first, second] = itsOwn.map((error, index) => fails(5 + 5 * index, error))
    const failed = await after(10, scatterGather([first!, second!], { timeoutMs: 1_000, enough: 1 }))
    expect(
      failed,
      'all have failed after 10 ms: there is nothing more to come. Their errors are their own, also a TimeoutError or an AbortError',
    ).toEqual(gathered(...itsOwn.map(rejected)))
  })
})

describe('Step 2: Answer by the deadline', () => {
  test('answers in time with what there is, and a reason for each that is missing', async () => {
    const gathering = scatterGather([answers(10), never(), answers(20)], { timeoutMs: 100 })
    expect(
      await after(99, gathering),
      `answered before the time was up, which is 100 ms after 5000, the instant at which it began; ${clock}`,
    ).toEqual({ status: 'pending' })
    expect(
      await after(1, gathering),
      `the time is up: two answers, and a TimeoutError in the place of the third. If it waits on, ${clock}`,
    ).toEqual(gathered(fulfilled('after 10'), timedOut, fulfilled('after 20')))
    const [, late] = await gathering
    expect(late, 'elapsedMs: for how long it was waited').toMatchObject({ reason: { elapsedMs: expect.closeTo(100) } })

    const busy: Leg<string> = () => {
      vi.advanceTimersByTime(40)
      return new Promise(() => {})
    }
    const held = begin([busy], { timeoutMs: 100 })
    expect(await outcomeOf(held, 1), '40 of the 100 ms have gone by').toEqual({ status: 'pending' })
    expect(
      await after(60, held),
      'the first leg was busy for 40 ms before it returned: the time runs from the call, and not from when all are asked',
    ).toEqual(gathered(timedOut))
  })

  test('does not wait for a leg that ignores its signal', async () => {
    const outcome = await after(100, scatterGather([deaf(150), answers(10)], { timeoutMs: 100 }))
    expect(outcome, 'a leg that was told to stop may not care: answer without it').toEqual(
      gathered(timedOut, fulfilled('after 10')),
    )
    await vi.advanceTimersByTimeAsync(50)
    expect(outcome, 'a late answer has changed the results that were handed out 50 ms ago').toEqual(
      gathered(timedOut, fulfilled('after 10')),
    )
  })

  test("keeps to the caller's deadline, when that is the earlier one", async () => {
    const early = scatterGather([never()], { timeoutMs: 1_000, deadline: performance.now() + 100 })
    const late = scatterGather([never()], { timeoutMs: 200, deadline: performance.now() + 1_000 })
    expect(
      await after(99, early),
      `the deadline is an instant, 5100, and not a duration: it is 5099 now; ${clock}`,
    ).toEqual({ status: 'pending' })
    expect(await after(1, early), `the caller goes home at 5100, whatever the timeout says; ${clock}`).toEqual(
      gathered(timedOut),
    )
    const [missing] = await early
    expect(missing, 'elapsedMs: for how long it was waited, and not for how long it might have been').toMatchObject({
      reason: { elapsedMs: expect.closeTo(100) },
    })
    expect(await after(100, late), 'nor does a later deadline lengthen the timeout').toEqual(gathered(timedOut))
  })

  test('takes no notice of the clock on the wall', async () => {
    for (const [stepMs, step] of [
      [3_600_000, 'an hour forward'],
      [-3_600_000, 'an hour back'],
    ] as const) {
      const gathering = scatterGather([never()], { timeoutMs: 100, deadline: performance.now() + 200 })
      await vi.advanceTimersByTimeAsync(50)
      vi.setSystemTime(Date.now() + stepMs)
      expect(await after(49, gathering), `the clock went ${step}, as NTP or summer time has it; ${clock}`).toEqual({
        status: 'pending',
      })
      expect(await after(1, gathering), `the clock went ${step}, and the 100 ms are over; ${clock}`).toEqual(
        gathered(rejected(expect.objectContaining({ code: 'TIMEOUT', elapsedMs: expect.closeTo(100) }))),
      )
    }
  })

  test('asks nobody when the time is up already', async () => {
    for (const options of [{ timeoutMs: 0 }, { deadline: performance.now() - 10 }]) {
      const leg = answers(10)
      const outcome = await after(0, scatterGather([leg], options))
      expect(timesAsked(leg), 'nobody waits for the answer: do not even ask').toBe(0)
      expect(outcome, 'nobody was asked: answer at once, with a TimeoutError in each place').toEqual(gathered(timedOut))
    }
  })

  test('stops its timer when it does not need it', async () => {
    const outcome = await after(20, scatterGather([answers(20), answers(20)], { timeoutMs: 60_000 }))
    expect(outcome.status, 'both legs have answered, but nothing was gathered').toBe('fulfilled')
    expect(vi.getTimerCount(), 'all have answered, and a timer still runs: for a minute, once for every request').toBe(
      0,
    )
  })

  test('has no timer when there is no limit', async () => {
    const gathering = scatterGather([answers(10), answers(10)], { timeoutMs: Infinity })
    await vi.advanceTimersByTimeAsync(0)
    expect(
      vi.getTimerCount(),
      'two legs, and a timer for each; no limit, no timer: setTimeout would take Infinity for 1 ms',
    ).toBe(2)
    expect(await after(10, gathering), 'both have answered after 10 ms').toEqual(
      gathered(fulfilled('after 10'), fulfilled('after 10')),
    )
  })
})

describe('Step 3: Stop what nobody waits for', () => {
  test('tells those that are late to stop, and why', async () => {
    const itsOwnWay: Leg<string> = (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('This operation was aborted'))),
      )
    const legs = [answers(10), answers(500), never(), vi.fn(itsOwnWay)]
    const outcome = await after(100, scatterGather(legs, { timeoutMs: 100 }))
    const [, ...late] = signalsOf(...legs)
    for (const signal of late) {
      expect(signal?.aborted, 'the answer is out, but the work goes on: abort the signal that the leg was given').toBe(
        true,
      )
      expect(signal?.reason, 'the reason of the signal').toBeInstanceOf(TimeoutError)
    }
    expect(outcome, 'what a leg says when it is told to stop is not why it is missing: it was late').toEqual(
      gathered(fulfilled('after 10'), timedOut, timedOut, timedOut),
    )
  })

  test('leaves alone those that have ended', async () => {
    const legs = [answers(10), fails(10, new Error('no')), never()]
    await after(100, scatterGather(legs, { timeoutMs: 100 }))
    const [answered, failed, late] = aborted(...legs)
    expect(late, 'the third is late, and was not told to stop').toBe(true)
    expect(answered, 'the first has answered: abort it, and a body that is yet to be read is torn').toBe(false)
    expect(failed, 'the second has failed, and long ended: whoever listens to its signal would take it for late').toBe(
      false,
    )
    const all = [answers(10), answers(20)]
    await after(20, scatterGather(all, { timeoutMs: 100 }))
    expect(aborted(...all), 'both have answered in time: there is nobody to stop').toEqual([false, false])
  })

  test("passes on the caller's abort to each, and answers at once", async () => {
    const caller = new AbortController()
    const legs = [answers(10), answers(500), never()]
    const gathering = begin(legs, { signal: caller.signal, timeoutMs: 1_000 })
    const another = [never(), answers(15)]
    const second = begin(another, { signal: caller.signal, timeoutMs: 1_000 })
    await vi.advanceTimersByTimeAsync(20)
    const reason = new Error('the checkout went home')
    caller.abort(reason)
    const outcome = await after(0, gathering)
    const [answered, ...inFlight] = aborted(...legs)
    expect(
      answered,
      "the first has answered, and is torn: the caller's signal went to it, and not one of its own",
    ).toBe(false)
    expect(
      inFlight,
      'the caller has gone; the two legs in flight must hear of it, also when another gathering listens to the same signal (which has one `onabort`, and as many listeners as you like)',
    ).toEqual([true, true])
    expect(signalsOf(...legs)[2]?.reason, "the caller's own reason").toBe(reason)
    expect(outcome, "keep what has come, and give the caller's own reason for the rest").toEqual(
      gathered(fulfilled('after 10'), rejected(reason), rejected(reason)),
    )
    expect(
      await after(0, second),
      'the second gathering for the same caller, of whose legs one has answered: does each gathering count its own?',
    ).toEqual(gathered(rejected(reason), fulfilled('after 15')))
    expect(aborted(...another), 'the second has a leg in flight, too: is each in a place of its own?').toEqual([
      true,
      false,
    ])
  })

  test('asks nobody for a caller who has gone already', async () => {
    for (const reason of [new Error('too late'), null]) {
      const leg = answers(10)
      const outcome = await after(0, scatterGather([leg], { signal: AbortSignal.abort(reason), timeoutMs: 60_000 }))
      expect(
        timesAsked(leg),
        'an aborted signal fires no further event: look at it before you begin, and then ask nobody',
      ).toBe(0)
      expect(outcome, "nobody was asked: answer at once, with the caller's own reason, be it null").toEqual(
        gathered(rejected(reason)),
      )
      expect(vi.getTimerCount(), 'nobody was asked, and a timer runs: was it set after it had been cleared?').toBe(0)
    }
  })

  test('leaves no listener on a signal that outlives it, whichever way it ends', async () => {
    const { signal } = new AbortController()
    const listeners = () => getEventListeners(signal, 'abort').length
    const lasting = await after(10, scatterGather([answers(10), answers(10)], { signal, timeoutMs: 50 }))
    expect(lasting.status, 'both legs have answered, but nothing was gathered').toBe('fulfilled')
    expect(listeners(), 'listeners after all have answered').toBe(0)
    await after(50, scatterGather([never(), never()], { signal, timeoutMs: 50 }))
    expect(listeners(), 'listeners after the time was up').toBe(0)
    await after(0, scatterGather([], { signal, timeoutMs: 50 }))
    expect(listeners(), 'listeners when there was nobody to ask').toBe(0)
    await after(0, scatterGather([never()], { signal, timeoutMs: 0 }))
    expect(listeners(), 'listeners when there was no time to ask: what returns early cleans up, too').toBe(0)
    expect(vi.getTimerCount(), 'timers left behind').toBe(0)
  })

  test('closes the connection to every carrier when the caller goes', async () => {
    vi.useRealTimers()
    const carriers = await Promise.all(Array.from({ length: 5 }, () => carrier((_, res) => res.flushHeaders())))
    const read =
      ({ ask }: Carrier) =>
      async (signal: AbortSignal) =>
        (await ask({ signal })).body.text()
    const caller = new AbortController()
    const gathering = begin(carriers.map(read), { signal: caller.signal, timeoutMs: 60_000 })
    const asked = await eventually(() => carriers.every(({ open }) => open.size === 1), 300)
    const reason = new Error('the checkout went home')
    caller.abort(reason)
    expect(asked, 'five carriers, but not five of them were asked').toBe(true)
    const closed = await eventually(() => carriers.every(({ open }) => open.size === 0), 50)
    expect(closed, 'the caller has gone, and carriers are still at work: did the signal reach the requests?').toBe(true)
    const outcome = await outcomeOf(gathering)
    expect(outcome, "no carrier answered, for the caller's own reason").toEqual(
      gathered(...carriers.map(() => rejected(reason))),
    )
  })
})

interface Carrier {
  /** The answers that it has begun, on connections that are open. */
  open: Set<ServerResponse>
  ask(options?: { signal?: AbortSignal }): Promise<Dispatcher.ResponseData>
}

/** A real server, asked over a real socket. */
async function carrier(listener: RequestListener): Promise<Carrier> {
  const open = new Set<ServerResponse>()
  const server = http.createServer((req, res) => {
    open.add(res)
    res.once('close', () => open.delete(res))
    listener(req, res)
  })
  const dispatcher = new Agent()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    await dispatcher.destroy()
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { open, ask: (options) => request(origin, { dispatcher, ...options }) }
}

describe('Step 4: Enough is enough', () => {
  test('answers as soon as enough have, and cancels the rest', async () => {
    const legs = [answers(500), answers(10), never(), answers(20)]
    const { signal } = new AbortController()
    const gathering = scatterGather(legs, { enough: 2, timeoutMs: 1_000, signal })
    expect(await after(19, gathering), 'one answer is not two').toEqual({ status: 'pending' })
    expect(
      await after(1, gathering),
      'two answers were asked for, and two have come: the rest has a NotNeededError',
    ).toEqual(gathered(notNeeded, fulfilled('after 10'), notNeeded, fulfilled('after 20')))
    expect(aborted(...legs), 'cancel those that are not needed, and only those').toEqual([true, false, true, false])
    expect(
      signalsOf(...legs)[0]?.reason,
      'being slower than others is no timeout: a breaker must tell them apart',
    ).toBeInstanceOf(NotNeededError)
    expect(vi.getTimerCount(), 'the timer of the deadline still runs').toBe(0)
    expect(getEventListeners(signal, 'abort'), "a listener was left on the caller's signal").toEqual([])
  })

  test('does not take a failure for an answer', async () => {
    const error = new Error('no')
    const gathering = scatterGather([fails(5, error), answers(20), never()], { enough: 1 })
    expect(await after(5, gathering), 'the fastest carrier is often the one that fails').toEqual({ status: 'pending' })
    expect(await after(15, gathering), 'after 20 ms there is one answer, and one is enough').toEqual(
      gathered(rejected(error), fulfilled('after 20'), notNeeded),
    )
    const two = scatterGather([fails(5, error), answers(10), answers(20), never()], { enough: 2 })
    expect(await after(10, two), 'a failure and an answer are not two answers').toEqual({ status: 'pending' })
    expect(await after(10, two), 'after 20 ms there are two answers, and two are enough').toEqual(
      gathered(rejected(error), fulfilled('after 10'), fulfilled('after 20'), notNeeded),
    )
  })

  test('counts an answer that says nothing', async () => {
    for (const nothing of [undefined, null, 0, '', false]) {
      const outcome = await after(
        10,
        scatterGather<unknown>([() => sleep(10).then(() => nothing), never()], { enough: 1 }),
      )
      expect(outcome, `${inspect(nothing)} is what the first has answered, and one is enough`).toEqual(
        gathered(fulfilled(nothing), notNeeded),
      )
    }
  })

  test('makes do with fewer when there are no more', async () => {
    const error = new Error('no')
    const outcome = await after(20, scatterGather([fails(10, error), answers(20)], { enough: 2 }))
    expect(outcome, 'all have ended: a second answer will not come').toEqual(
      gathered(rejected(error), fulfilled('after 20')),
    )
  })
})

describe('Step 5: Only so many at a time', () => {
  test('never has more legs in flight than it may', async () => {
    let inFlight = 0
    let most = 0
    const leg: Leg<number> = async () => {
      most = Math.max(most, ++inFlight)
      await sleep(10)
      return inFlight--
    }
    const failing: Leg<number> = (...told) => leg(...told).then(() => Promise.reject(new Error('no')))
    const outcome = await after(30, scatterGather([failing, leg, failing, leg, leg, leg], { concurrency: 2 }))
    expect(most, 'legs in flight at a time, of 2 that are allowed').toBe(2)
    expect(outcome.status, 'six legs of 10 ms, two at a time: 30 ms').toBe('fulfilled')
  })

  test('begins the next as soon as one ends, well or badly', async () => {
    const throws = vi.fn<Leg<string>>(() => {
      throw new Error('not even a promise')
    })
    const legs = [answers(50), fails(10, new Error('no')), throws, answers(20), answers(20)]
    const outcome = await after(50, scatterGather(legs, { concurrency: 2 }))
    expect(outcome.status, 'the other four take 50 ms in all, beside the first: a batch waits for its slowest').toBe(
      'fulfilled',
    )
    const turns = legs.map((leg) => leg.mock.invocationCallOrder[0]!)
    expect(turns, 'who comes first is begun first: the queue is in the order of the legs').toEqual(
      turns.toSorted((a, b) => a - b),
    )
  })

  test('does not begin what is still queued when it is over', async () => {
    const caller = new AbortController()
    const gone = new Error('the checkout went home')
    const ends: [string, GatherOptions<string>, expected: unknown][] = [
      ['the time was up', { timeoutMs: 15 }, expect.any(TimeoutError)],
      ['enough had answered', { enough: 1 }, expect.any(NotNeededError)],
      ['the caller had gone', { signal: caller.signal }, gone],
    ]
    for (const [end, options, expected] of ends) {
      const queued = answers(10)
      const gathering = begin([deaf(20), deaf(30), queued], { concurrency: 2, ...options })
      await vi.advanceTimersByTimeAsync(15)
      if (options.signal) caller.abort(gone)
      const outcome = await after(100, gathering)
      expect(outcome.status, `${end}, but there was no answer`).toBe('fulfilled')
      expect(timesAsked(queued), `${end}; a place that comes free then must stay free`).toBe(0)
      const [, , reason] = outcome.status === 'fulfilled' ? outcome.value : []
      expect(reason, `${end}: the reason of whoever was still in the queue`).toEqual(rejected(expected))
    }
  })

  test('tells a leg that was not asked from one that was too slow', async () => {
    const legs = [never(), never(), answers(10)]
    const outcome = await after(100, scatterGather(legs, { concurrency: 2, timeoutMs: 100 }))
    const missing = (attempts: number) => rejected({ code: 'TIMEOUT', attempts })
    expect(
      outcome,
      'a queue is no fault of whoever waits in it: attempts is 1 for the slow, 0 for the other',
    ).toMatchObject(gathered(missing(1), missing(1), missing(0)))
    const atOnce = await after(0, scatterGather([answers(10)], { timeoutMs: 0 }))
    expect(atOnce, 'the time was up before anybody was asked: attempts is 0').toMatchObject(gathered(missing(0)))
  })
})

describe('Step 6: Keep time to answer', () => {
  test('stops the legs a margin before the deadline', async () => {
    for (const options of [{ timeoutMs: 300 }, { deadline: performance.now() + 600 }]) {
      const leg = never()
      const gathering = scatterGather([leg, answers(10)], { marginMs: 50, ...options })
      expect(await after(249, gathering), 'the margin is 50 ms of 300').toEqual({ status: 'pending' })
      expect(
        await after(1, gathering),
        'who answers at the deadline answers too late: it takes time to sort and to send',
      ).toEqual(gathered(timedOut, fulfilled('after 10')))
      expect(aborted(leg), 'the answer is out, and the leg was not told to stop').toEqual([true])
      await vi.advanceTimersByTimeAsync(50)
    }
  })

  test('tells each leg by when it must have answered', async () => {
    const now = performance.now()
    const early = answers(10)
    await after(20, scatterGather([early, early], { deadline: now + 300, timeoutMs: 1_000, marginMs: 50 }))
    const each = early.mock.calls.map(([, deadline]) => deadline - now)
    expect(each, 'the second argument: the instant at which the legs must end, here 250 ms from the call').toEqual([
      250, 250,
    ])
    const late = answers(10)
    await after(20, scatterGather([late], { deadline: now + 2_000, timeoutMs: 300, marginMs: 50 }))
    expect(told(late) - now, 'called 20 ms later, and the timeout is the earlier one').toBe(270)
    const queued = answers(10)
    const begunAt = performance.now()
    await after(20, scatterGather([answers(10), queued], { concurrency: 1, timeoutMs: 300, marginMs: 50 }))
    expect(
      told(queued) - begunAt,
      'one that was begun 10 ms later, as it had to queue: the time runs from the call, for everybody',
    ).toBe(250)
    const unlimited = answers(10)
    await after(10, scatterGather([unlimited], { marginMs: 50 }))
    expect(told(unlimited), 'no limit is an instant, too: Infinity, also less a margin (NaN: it was not asked)').toBe(
      Infinity,
    )
  })

  test('asks nobody when there is no time but the margin', async () => {
    for (const options of [{ timeoutMs: 40 }, { deadline: performance.now() + 40 }]) {
      const leg = answers(10)
      const outcome = await after(0, scatterGather([leg], { marginMs: 50, ...options }))
      expect(timesAsked(leg), 'a carrier that is asked with no time left can only be late').toBe(0)
      expect(outcome, 'nobody was asked: answer at once, with a TimeoutError in each place').toEqual(gathered(timedOut))
    }
  })
})

describe('Step 7: What comes too late', () => {
  test('hands late answers to discard, and no others', async () => {
    const discard = vi.fn()
    await after(100, scatterGather([deaf(150, 'late'), deaf(10, 'in time')], { timeoutMs: 100, discard }))
    expect(discard, 'nothing is late yet').not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(50)
    expect(discard.mock.calls, 'whoever opened it has left: discard must close it').toEqual([['late']])
  })

  test('loses no answer of those that come at the same time', async () => {
    const names = ['albatross', 'kestrel', 'pelican', 'pigeon', 'swift']
    const discarded: string[] = []
    const sameTime = sleep(10)
    const legs = names.map((name) => vi.fn<Leg<string>>(() => sameTime.then(() => name)))
    const discard = (name: string) => discarded.push(name)
    const outcome = await after(10, scatterGather([never(), ...legs], { enough: 2, discard }))
    expect(outcome.status, 'two were enough').toBe('fulfilled')
    const [, ...results] = outcome.status === 'fulfilled' ? outcome.value : []
    const kept = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(
      [...kept, ...discarded].toSorted(),
      'each answer is either among the results or discarded, and none is both',
    ).toEqual(names)
    const keptLegs = legs.filter((_, index) => results[index]?.status === 'fulfilled')
    expect(aborted(...keptLegs), 'an answer that is kept must not be aborted').not.toContain(true)
  })

  test('keeps or discards every answer, however close to the end it comes', async () => {
    const microtasks = async (count: number) => {
      for (let i = 0; i < count; i++) await undefined
    }
    const lost: string[] = []
    for (const end of ['enough', 'abort']) {
      // Of the last answer, counted from the end.
      for (let at = -10; at <= 10; at++) {
        const caller = new AbortController()
        const { promise: ready, resolve: makeReady } = Promise.withResolvers<void>()
        const first: Leg<string> = async () => {
          await (end === 'enough' ? ready : new Promise(() => {}))
          await microtasks(-at)
          return 'first'
        }
        const last: Leg<string> = async () => {
          await ready
          await microtasks(at)
          return 'last'
        }
        const discarded: string[] = []
        const options = { enough: end === 'enough' ? 2 : 3, signal: caller.signal }
        const gathering = begin([answers(0, 'early'), first, last], {
          ...options,
          discard: (name) => discarded.push(name),
        })
        await vi.advanceTimersByTimeAsync(1)
        makeReady()
        if (end === 'abort') {
          if (at < 0) await microtasks(-at)
          caller.abort()
        }
        const outcome = await after(1, gathering)
        const results = outcome.status === 'fulfilled' ? outcome.value : []
        const kept = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
        const answered = end === 'enough' ? ['early', 'first', 'last'] : ['early', 'last']
        if (!kept.includes('early') || [...kept, ...discarded].toSorted().join() !== answered.join())
          lost.push(`${end}, the last ${at} microtasks from it: kept ${inspect(kept)}, discarded ${inspect(discarded)}`)
      }
    }
    expect(
      lost,
      'an answer is either among the results or discarded, also when it comes between the end and your own await',
    ).toEqual([])
  })

  test('has ended once it begins to end, whatever the legs do when they are told', async () => {
    const caller = new AbortController()
    const rebel: Leg<string> = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          caller.abort(new Error('if I must, then everybody must'))
          reject(signal.reason)
        })
      })
    const last = never()
    const outcome = await after(100, begin([rebel, last], { signal: caller.signal, timeoutMs: 100 }))
    expect(outcome, 'it was the time that ended it').toEqual(gathered(timedOut, timedOut))
    expect(
      signalsOf(last)[0]?.reason,
      'the reason of the second signal: the first leg aborted the caller when it was told, and by then it was over',
    ).toBeInstanceOf(TimeoutError)
    const impatient = new AbortController()
    const aborts: Leg<string> = () => {
      impatient.abort()
      return new Promise(() => {})
    }
    const next = never()
    await after(0, begin([aborts, next], { signal: impatient.signal }))
    const [signal = AbortSignal.abort()] = signalsOf(next)
    expect(signal.aborted, 'the first leg aborted the caller when it was asked: the second may not go on').toBe(true)
  })

  test('survives a late failure, and a discard that fails', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    onTestFinished(() => void process.off('unhandledRejection', unhandled))
    const lateFailure = () => sleep(150).then(() => Promise.reject(new Error('late')))
    // Not a mock: those take care of their own rejections.
    const discarded: string[] = []
    const discard = (value: string) => {
      discarded.push(value)
      if (value === 'first') throw new Error('cannot close')
      return Promise.reject(new Error('cannot close either'))
    }
    await after(100, scatterGather([lateFailure, deaf(150, 'first'), deaf(150, 'second')], { timeoutMs: 100, discard }))
    await after(100, Promise.resolve())
    expect(discarded, 'two came late').toEqual(['first', 'second'])
    await after(200, scatterGather([deaf(150)], { timeoutMs: 100 }))
    expect(
      unhandled,
      'an unhandled rejection ends the process (the last gathering had no discard)',
    ).not.toHaveBeenCalled()
  })

  test('closes the connection of a response that comes too late', async () => {
    vi.useRealTimers()
    const responses: ServerResponse[] = []
    const { open, ask } = await carrier((_, res) => responses.push(res))
    const caller = new AbortController()
    const discard = vi.fn(({ body }: Dispatcher.ResponseData) => body.on('error', () => {}).destroy())
    // It forgot to pass on its signal.
    const gathering = begin([() => ask()], { signal: caller.signal, discard })
    await eventually(() => open.size === 1, 300)
    caller.abort()
    expect(await outcomeOf(gathering, 20), 'the caller went before the response came').toMatchObject(
      gathered(rejected({})),
    )
    for (const response of responses) response.write('A first chunk of a body without an end.')
    expect(
      await eventually(() => open.size === 0, 300),
      'nobody will read this body, and its connection is still open',
    ).toBe(true)
    expect(discard, 'one response came too late').toHaveBeenCalledOnce()
  })
})

describe('Step 8: Out of reach', () => {
  test('gives up when the required answers are out of reach', async () => {
    const error = new Error('no')
    const legs = [fails(10, error), never(), fails(20, error)]
    const gathering = scatterGather(legs, { required: 2, enough: 2, timeoutMs: 1_000 })
    expect(await after(10, gathering), 'two can still come').toEqual({ status: 'pending' })
    expect(await after(10, gathering), 'one at most can still come, and one is of no use: why wait?').toEqual(
      gathered(rejected(error), notNeeded, rejected(error)),
    )
    expect(aborted(...legs), 'the one in flight need not go on').toEqual([false, true, false])
  })

  test('is over for the queue, the late and the caller, too, once they are out of reach', async () => {
    const error = new Error('no')
    const { signal } = new AbortController()
    const discard = vi.fn()
    const queued = answers(10)
    const legs = [fails(10, error), deaf(30, 'late'), queued]
    const gathering = scatterGather(legs, { required: 3, concurrency: 2, timeoutMs: 1_000, signal, discard })
    const expected = gathered(rejected(error), notNeeded, notNeeded)
    expect(await after(10, gathering), 'one of three has failed, so three are out of reach').toEqual(expected)
    expect(await after(20, gathering), 'a late answer has changed the results that were handed out').toEqual(expected)
    expect(discard.mock.calls, 'the answer that came too late').toEqual([['late']])
    expect(timesAsked(queued), 'a place that comes free then must stay free').toBe(0)
    expect(getEventListeners(signal, 'abort'), "a listener was left on the caller's signal").toEqual([])
    expect(vi.getTimerCount(), 'the timer of the deadline still runs').toBe(0)
  })

  test('waits as long as the required answers can still come', async () => {
    const error = new Error('no')
    for (const [options, ms, queue] of [
      [{}, 30, ''],
      [{ concurrency: 1 }, 60, ', which waits in the queue,'],
    ] as const) {
      const legs = [fails(10, error), answers(20), answers(30)]
      expect(
        await after(ms, scatterGather(legs, { required: 2, ...options })),
        `one has failed, one has answered, and with the third${queue} it is two: only failures put an answer out of reach`,
      ).toEqual(gathered(rejected(error), fulfilled('after 20'), fulfilled('after 30')))
    }
  })

  test('asks nobody when there are too few to ask', async () => {
    const leg = answers(10)
    const { signal } = new AbortController()
    const outcome = await after(0, scatterGather([leg], { required: 2, signal, timeoutMs: 60_000 }))
    expect(timesAsked(leg), 'two answers are required, and there is one to ask').toBe(0)
    expect(outcome, 'nobody was asked: answer at once, with a NotNeededError').toEqual(gathered(notNeeded))
    expect(getEventListeners(signal, 'abort'), "a listener was left on the caller's signal").toEqual([])
    expect(vi.getTimerCount(), 'nobody was asked, and a timer runs').toBe(0)
  })
})

describe('Step 9: Very long, very busy, and nonsense', () => {
  test('does not answer early for times that setTimeout cannot hold', async () => {
    const thirtyDaysMs = 30 * 24 * 3_600_000
    const timers = vi.spyOn(globalThis, 'setTimeout')
    onTestFinished(() => timers.mockRestore())
    const gathering = scatterGather([never()], { timeoutMs: thirtyDaysMs })
    expect(await after(100, gathering), 'setTimeout fires a delay of more than 2³¹−1 ms after 1 ms').toEqual({
      status: 'pending',
    })
    expect(
      timers.mock.calls.length,
      'timers set in 100 ms of thirty days: a delay of more than 2³¹−1 ms was set anew each ms; cut it to that',
    ).toBeLessThan(5)
    const early = await after(thirtyDaysMs - 101, gathering)
    expect(early, 'a delay cut to 2³¹−1 ms is over after 25 days: look at the clock then, and sleep on').toEqual({
      status: 'pending',
    })
    expect(await after(1, gathering), 'thirty days are over').toEqual(gathered(timedOut))
  })

  test('asks nobody after the deadline, also when a leg has kept the process busy until then', async () => {
    const busy: Leg<string> = async () => {
      await sleep(10)
      clockLeaps(90)
      return 'after 100'
    }
    const queued = answers(10)
    const outcome = await after(100, scatterGather([busy, queued], { timeoutMs: 100, concurrency: 1 }))
    expect(
      timesAsked(queued),
      'the time was up after 100 ms; the first leg blocked the loop until then, so the timer has had no turn: look at the clock',
    ).toBe(0)
    expect(outcome, 'the second was not asked').toMatchObject(gathered({}, rejected({ code: 'TIMEOUT', attempts: 0 })))
  })

  test('refuses nonsense by name, and asks nobody', async () => {
    const leg = answers(10)
    const nonsense: Record<string, unknown[]> = {
      timeoutMs: [NaN, -1, '50'],
      deadline: [NaN, '6000'],
      marginMs: [NaN, -1, Infinity],
      concurrency: [NaN, 0, -1, 1.5],
      enough: [NaN, 0, -1, 1.5],
      required: [NaN, -1, 0.5, Infinity],
    }
    const cases = Object.entries(nonsense).flatMap(([name, values]) => values.map((value) => ({ [name]: value })))
    const taken: string[] = []
    for (const options of [...cases, { required: 3, enough: 2 }]) {
      const outcome = await outcomeOf((async () => scatterGather([leg], options))(), 20)
      const reason = outcome.status === 'rejected' ? outcome.reason : undefined
      const named = reason instanceof RangeError && Object.keys(options).some((name) => reason.message.includes(name))
      if (!named) taken.push(`${inspect(options)}: ${outcome.status}${reason ? ` with ${reason}` : ''}`)
    }
    expect(taken, 'each is refused with a RangeError that names the option').toEqual([])
    expect(timesAsked(leg), 'look at the options before you ask').toBe(0)
    expect(() => {
      scatterGather([leg], { concurrency: 0 }).catch(() => {})
    }, 'a function that promises rejects: it does not throw').not.toThrow()
  })
})
