import { type Fetch, SingleFlight } from '#chapters/09-graceful-degradation/single-flight.ts'
import { getEventListeners } from 'node:events'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { NotNeededError, TimeoutError } from '../../shared/core/errors.ts'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

interface Call {
  signal: AbortSignal
  deadline: number
  answer(value: unknown): void
  fail(error: unknown): void
}

/** A carrier that answers when the test says so, whatever becomes of the signal. */
function carrier() {
  const calls: Call[] = []
  const fetch: Fetch<unknown> = (signal, deadline) =>
    new Promise((answer, fail) => void calls.push({ signal, deadline, answer, fail }))
  return { calls, fetch }
}

/** What becomes of somebody who waits; a rejection that the test does not look at is no accident. */
function caller(promise: Promise<unknown>) {
  promise.catch(() => {})
  return { outcome: () => outcomeOf(promise, 3) }
}

const fulfilled = (value: unknown) => ({ status: 'fulfilled', value })
const rejected = (reason: unknown) => ({ status: 'rejected', reason })
const pending = { status: 'pending' }
const goodbye = new Error('the customer has hung up')

describe('Step 1: One call for a thousand', () => {
  test('asks once for a thousand, and anew once that has settled', async () => {
    const { calls, fetch } = carrier()
    const flights = new SingleFlight()
    const crowd = Array.from({ length: 1_000 }, () => caller(flights.share('Rome', fetch)))
    const other = caller(flights.share('Oslo', fetch))
    await promisesSettle()
    expect(calls.length, 'calls, when a thousand ask for Rome at once, and one for Oslo').toBe(2)
    expect(flights.size, 'calls under way').toBe(2)
    calls[0]!.answer('590')
    for (const one of [crowd[0]!, crowd[999]!])
      expect(await one.outcome(), 'what the first and the last are given').toEqual(fulfilled('590'))
    expect(await other.outcome(), 'who asked for another city').toEqual(pending)
    const next = caller(flights.share('Rome', fetch))
    await promisesSettle()
    expect(calls.length, 'calls, when one more asks after the answer: it is shared, and not kept').toBe(3)
    calls[2]!.answer('600')
    expect(await next.outcome()).toEqual(fulfilled('600'))
    calls[1]!.answer('700')
    expect(await other.outcome()).toEqual(fulfilled('700'))
    expect(flights.size, 'calls under way, when all have settled').toBe(0)
  })

  test('ends only the waiting of one who leaves, also of the first', async () => {
    const { calls, fetch } = carrier()
    const flights = new SingleFlight()
    const first = new AbortController()
    const second = new AbortController()
    const waiting = [first.signal, second.signal, undefined].map((signal) =>
      caller(flights.share('Rome', fetch, signal)),
    )
    await promisesSettle()
    expect(calls.length, 'calls for three who ask for the same').toBe(1)
    first.abort(goodbye)
    expect(await waiting[0]!.outcome(), 'who has left, with the reason of their own signal').toEqual(rejected(goodbye))
    expect(await waiting[1]!.outcome(), 'who has not: the call is not the first one’s').toEqual(pending)
    expect(calls[0]!.signal.aborted, 'whether the call was aborted, for which two still wait').toBe(false)
    second.abort(goodbye)
    expect(await waiting[1]!.outcome(), 'whoever joined can leave, too').toEqual(rejected(goodbye))
    calls[0]!.answer('590')
    expect(await waiting[2]!.outcome(), 'who has stayed').toEqual(fulfilled('590'))
    expect(calls[0]!.signal.aborted, 'a call that has ended by itself is not aborted').toBe(false)
  })

  test('ends the call with the last who leaves, and frees its key at once', async () => {
    const { calls, fetch } = carrier()
    const flights = new SingleFlight()
    const leavers = [new AbortController(), new AbortController()]
    for (const { signal } of leavers) caller(flights.share('Rome', fetch, signal))
    await promisesSettle()
    expect(calls.length, 'calls for two who ask for the same').toBe(1)
    leavers[1]!.abort(goodbye)
    expect(flights.size, 'calls under way, as one still waits').toBe(1)
    let underWay: number | undefined
    calls[0]!.signal.addEventListener('abort', () => (underWay = flights.size))
    leavers[0]!.abort(goodbye)
    expect(underWay, 'calls under way, as the call hears of it: or who asks in that moment joins the dead').toBe(0)
    expect(calls[0]!.signal.aborted, 'whether the call was told that nobody waits for it any more').toBe(true)
    expect(calls[0]!.signal.reason, 'why').toBeInstanceOf(NotNeededError)
    expect(flights.size, 'calls under way, in the very moment after the last one has left').toBe(0)

    const next = caller(flights.share('Rome', fetch))
    await promisesSettle()
    expect(calls.length, 'calls: who comes next begins anew, and joins nothing that is being aborted').toBe(2)
    calls[0]!.fail(new Error('aborted'))
    await promisesSettle()
    expect(flights.size, 'calls under way, when the old one has ended as well: the key is the new one’s').toBe(1)
    const third = caller(flights.share('Rome', fetch))
    await promisesSettle()
    expect(calls.length, 'calls, when a third joins the second').toBe(2)
    calls[1]!.answer('590')
    for (const one of [next, third]) expect(await one.outcome()).toEqual(fulfilled('590'))
  })

  test('goes on when it is held, whoever leaves', async () => {
    const { calls, fetch } = carrier()
    const flights = new SingleFlight()
    const leaver = new AbortController()
    caller(flights.share('Rome', fetch, leaver.signal))
    flights.hold('Rome')
    flights.hold('Oslo')
    leaver.abort(goodbye)
    await promisesSettle()
    expect(flights.size, 'calls under way, of which one was held, and none for Oslo').toBe(1)
    expect(calls[0]!.signal.aborted, 'whether a call was aborted that is held').toBe(false)
    const next = caller(flights.share('Rome', fetch))
    calls[0]!.answer('590')
    expect(await next.outcome(), 'who has joined it').toEqual(fulfilled('590'))

    for (const key of ['Rome', 'Oslo']) {
      const last = new AbortController()
      caller(flights.share(key, fetch, last.signal))
      last.abort(goodbye)
      expect(
        calls.at(-1)!.signal.aborted,
        `whether a call for ${key} was aborted that nobody has held: whoever was held, another one was`,
      ).toBe(true)
    }
    const joined = caller(flights.share('Rome', fetch))
    flights.hold('Rome')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(
      await joined.outcome(),
      'who has joined a call that is held, and hangs: after limitMs, 10,000',
    ).toMatchObject({
      reason: { code: 'TIMEOUT' },
    })
    expect(flights.size, 'calls under way: to be held is no leave to hang').toBe(0)
  })

  test('shares a failure, and keeps none', async () => {
    for (const failure of [new Error('ECONNRESET'), undefined]) {
      const { calls, fetch } = carrier()
      const flights = new SingleFlight()
      const waiting = [caller(flights.share('Rome', fetch)), caller(flights.share('Rome', fetch))]
      await promisesSettle()
      calls[0]!.fail(failure)
      for (const one of waiting)
        expect(await one.outcome(), `each of two, of one call that fails with ${failure}`).toEqual(rejected(failure))
      expect(calls.length, 'calls for both').toBe(1)
      const next = caller(flights.share('Rome', fetch))
      await promisesSettle()
      expect(calls.length, 'calls, when one asks after a failure').toBe(2)
      calls[1]!.answer('590')
      expect(await next.outcome()).toEqual(fulfilled('590'))
    }
  })

  test('takes a synchronous throw for a failure, and undefined for an answer', async () => {
    const flights = new SingleFlight()
    let calls = 0
    const oops = new Error('oops')
    const throws = () => {
      calls++
      throw oops
    }
    let promise: Promise<unknown> | undefined
    expect(() => {
      promise = flights.share('Rome', throws)
      promise.catch(() => {})
    }, 'a fetch that throws at once, where its caller expects a promise').not.toThrow()
    const waiting = [caller(promise!), caller(flights.share('Rome', throws))]
    for (const one of waiting) expect(await one.outcome()).toEqual(rejected(oops))
    expect(calls, 'calls for two at once, of a fetch that throws: its failure is shared like any other').toBe(1)
    expect(flights.size, 'calls under way: the key is free').toBe(0)
    const nothing = vi.fn<Fetch<unknown>>(async () => undefined)
    const two = [caller(flights.share('Rome', nothing)), caller(flights.share('Rome', nothing))]
    for (const one of two) expect(await one.outcome()).toEqual(fulfilled(undefined))
    expect(nothing, 'calls for two, of one that answers undefined').toHaveBeenCalledTimes(1)
  })

  test('has a call that never settles hold its key for so long, and no longer', async () => {
    for (const [limitMs, options] of [
      [10_000, undefined],
      [300, { limitMs: 300 }],
    ] as const) {
      const { calls, fetch } = carrier()
      const flights = new SingleFlight(options)
      const begunAt = performance.now()
      const first = caller(flights.share('Rome', fetch))
      await vi.advanceTimersByTimeAsync(limitMs - 1)
      const late = caller(flights.share('Rome', fetch, new AbortController().signal))
      expect(await first.outcome(), `after ${limitMs - 1} ms of ${limitMs}`).toEqual(pending)
      expect(calls.length, 'calls for two who ask for the same').toBe(1)
      expect(calls[0]!.deadline, 'the deadline that the call was told: its beginning, and limitMs').toBe(
        begunAt + limitMs,
      )
      vi.setSystemTime(Date.now() + 3_600_000)
      expect(flights.elapsedMs('Rome'), 'ms that the call has been under way, whoever sets the wall clock').toBe(
        limitMs - 1,
      )
      expect(flights.elapsedMs('Oslo'), 'and one that there is not').toBeUndefined()
      await vi.advanceTimersByTimeAsync(1)
      for (const one of [first, late])
        expect(await one.outcome(), `after ${limitMs} ms: it hangs, for ever perhaps`).toMatchObject({
          reason: { code: 'TIMEOUT', elapsedMs: limitMs },
        })
      expect(calls[0]!.signal.aborted, 'whether the call that hangs was aborted').toBe(true)
      expect(calls[0]!.signal.reason, 'and with what').toBeInstanceOf(TimeoutError)
      const next = caller(flights.share('Rome', fetch))
      await promisesSettle()
      expect(calls.length, 'calls, when one asks after that').toBe(2)
      calls[0]!.answer('too late')
      await promisesSettle()
      expect(await next.outcome(), 'who waits for the second call, when the first has an answer').toEqual(pending)
      calls[1]!.answer('590')
      expect(await next.outcome()).toEqual(fulfilled('590'))
    }
  })

  test('begins nothing for somebody who has gone', async () => {
    const flights = new SingleFlight()
    const gone = AbortSignal.abort(goodbye)
    const { calls, fetch } = carrier()
    const outcome = await caller(flights.share('Rome', fetch, gone)).outcome()
    expect({ outcome, calls: calls.length }, 'who had gone before they asked').toEqual({
      outcome: rejected(goodbye),
      calls: 0,
    })
    const leaver = new AbortController()
    let signal: AbortSignal | undefined
    const leaves: Fetch<unknown> = (own) => {
      signal = own
      leaver.abort(goodbye)
      return new Promise(() => {})
    }
    expect(
      await caller(flights.share('Rome', leaves, leaver.signal)).outcome(),
      'whose signal aborts while fetch begins: an abort that has been is heard by no listener',
    ).toEqual(rejected(goodbye))
    expect(signal!.aborted, 'they were the last').toBe(true)
    expect(flights.size).toBe(0)
  })

  test('leaves no listener, no timer and no rejection behind', async () => {
    const unhandled = vi.fn<(reason: unknown) => void>()
    process.on('unhandledRejection', unhandled)
    const flights = new SingleFlight()
    const { signal } = new AbortController()
    let calls = 0
    for (let i = 0; i < 5_000; i++) {
      const fetch = async () => {
        calls++
        if (i % 2) throw new Error('oops')
        return i
      }
      await Promise.allSettled([flights.share('Rome', fetch, signal), flights.share('Rome', fetch, signal)])
    }
    expect(calls, 'calls of 5,000, for two each').toBe(5_000)
    expect(getEventListeners(signal, 'abort').length, 'listeners on a signal that lives on, after 10,000 callers').toBe(
      0,
    )
    expect(vi.getTimerCount(), 'timers that still run').toBe(0)
    const { calls: late, fetch } = carrier()
    const leaver = new AbortController()
    caller(flights.share('Rome', fetch, leaver.signal))
    await promisesSettle()
    leaver.abort(goodbye)
    expect(vi.getTimerCount(), 'timers of a call that nobody waits for').toBe(0)
    late[0]!.fail(new Error('aborted'))
    await promisesSettle()
    await promisesSettle()
    process.off('unhandledRejection', unhandled)
    expect(unhandled.mock.calls, 'rejections that nobody has heard').toEqual([])
  })
})
