import { type Answer, type CacheOptions, type Fetch, StaleCache } from '#chapters/09-graceful-degradation/cache.ts'
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
  answer(value: unknown): void
  fail(error: unknown): void
}

/**
 * A cache, and a carrier that takes `tookMs` for an answer and then says what it is told to, or nothing, until the test
 * answers by itself. What is fresh is so for a second.
 */
function setUp(options: Partial<CacheOptions> = {}) {
  const cache = new StaleCache<unknown>({ freshMs: 1_000, ...options })
  const calls: Call[] = []
  const fetch: Fetch<unknown> = (signal) => new Promise((answer, fail) => void calls.push({ signal, answer, fail }))
  const ask = (signal?: AbortSignal, key = 'Rome') => {
    const promise = cache.get(key, fetch, signal)
    promise.catch(() => {})
    return { outcome: () => outcomeOf(promise, 3) }
  }
  /** Has `value` be kept, of a call that took `tookMs`; the age of an answer counts from its beginning. */
  const keep = async (value: unknown, tookMs = 0) => {
    const one = ask()
    await vi.advanceTimersByTimeAsync(tookMs)
    calls.at(-1)!.answer(value)
    expect(await one.outcome(), 'the first one, who asks').toMatchObject({ status: 'fulfilled', value: { value } })
  }
  return { cache, calls, ask, keep }
}

const elapse = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const given = (answer: Partial<Answer<unknown>>) => ({ status: 'fulfilled', value: expect.objectContaining(answer) })
const rejected = (reason: unknown) => ({ status: 'rejected', reason })
const pending = { status: 'pending' }
const goodbye = new Error('the customer has hung up')
const failure = new Error('status 503')

describe('Step 2: Keep it, and say how old', () => {
  test('gives what is younger without asking, and asks when it is as old', async () => {
    const onSecondFailure = vi.fn<(error: unknown) => void>()
    const { calls, ask, keep } = setUp({ onSecondFailure })
    await keep('590')
    expect(calls.length).toBe(1)
    await elapse(999)
    expect(await ask().outcome(), 'after 999 ms, where freshMs is 1,000').toEqual(
      given({ value: '590', how: 'hit', ageMs: 999 }),
    )
    expect(calls.length, 'calls').toBe(1)
    await elapse(1)
    const [first, second] = [ask(), ask()]
    await promisesSettle()
    expect(calls.length, 'calls, when it is as old as freshMs, and two ask at once').toBe(2)
    calls[1]!.answer('600')
    expect(await first.outcome(), 'who began the call').toEqual(given({ value: '600', how: 'miss', ageMs: 0 }))
    expect(await second.outcome(), 'who waited for it, too').toEqual(given({ value: '600', how: 'shared', ageMs: 0 }))
    expect(await ask().outcome()).toEqual(given({ value: '600', how: 'hit' }))
    expect(onSecondFailure, 'failures of a second level that there is not').not.toHaveBeenCalled()
  })

  test('counts the age from when the call began', async () => {
    const { calls, ask, keep } = setUp()
    await keep('590', 300)
    await elapse(200)
    expect(
      await ask().outcome(),
      'of an answer that took 300 ms and is there for 200: nobody knows how old it was when it was sent (RFC 9111, 4.2.3)',
    ).toEqual(given({ how: 'hit', ageMs: 500 }))
    await elapse(500)
    const next = ask()
    await promisesSettle()
    expect(calls.length, 'calls, when that began 1,000 ms ago').toBe(2)
    await elapse(40)
    calls[1]!.answer('600')
    expect(await next.outcome(), 'who has waited for 40 ms').toEqual(given({ how: 'miss', ageMs: 40 }))
  })

  test('does not notice when somebody sets the wall clock', async () => {
    const { calls, ask, keep } = setUp()
    await keep('590')
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(await ask().outcome(), 'an hour later by the wall clock').toEqual(given({ how: 'hit', ageMs: 0 }))
    await elapse(1_000)
    vi.setSystemTime(Date.now() - 7_200_000)
    const next = ask()
    await promisesSettle()
    expect(calls.length, 'calls, when it is a second old, and by the wall clock is of tomorrow').toBe(2)
    calls[1]!.answer('600')
    expect(await next.outcome()).toEqual(given({ value: '600' }))
  })

  test('takes undefined for an answer, and any text for a key', async () => {
    const { cache } = setUp()
    for (const [key, value] of [
      ['Rome', undefined],
      ['Oslo', null],
      ['Bari', 0],
      ['__proto__', ''],
      ['constructor', false],
    ] as const) {
      const fetch = vi.fn<Fetch<unknown>>(async () => value)
      await cache.get(key, fetch)
      expect(await cache.get(key, fetch), `the second time, of ${key}, whose answer is ${value}`).toMatchObject({
        value,
        how: 'hit',
      })
      expect(fetch, `calls for ${key}`).toHaveBeenCalledTimes(1)
    }
    expect(cache.entries, 'answers kept').toBe(5)
  })

  test('has nobody see what another one does to his answer', async () => {
    const { calls, ask } = setUp()
    const first = ask()
    await promisesSettle()
    calls[0]!.answer({ cents: 590, zones: [{ name: 'Lazio' }] })
    // Who began the call, and two who come when it is there.
    for (const one of [first, undefined, undefined]) {
      const outcome = await (one ?? ask()).outcome()
      const { value } = (outcome as { value: { value: { cents: number; zones: { name: string }[] } } }).value
      expect(value, 'what each is given').toEqual({ cents: 590, zones: [{ name: 'Lazio' }] })
      for (const change of [
        () => (value.cents = 1),
        () => value.zones.push({ name: 'mine' }),
        () => (value.zones[0]!.name = 'mine'),
      ])
        try {
          change()
        } catch {
          // It is frozen.
        }
    }
    const shallow = setUp()
    await shallow.keep(Object.freeze({ zones: ['Lazio'] }))
    const { value } = ((await shallow.ask().outcome()) as { value: Answer<{ zones: string[] }> }).value
    try {
      value.zones.push('mine')
    } catch {
      // It is frozen.
    }
    expect(await shallow.ask().outcome(), 'of one whose first floor was frozen already').toEqual(
      given({ value: { zones: ['Lazio'] } }),
    )
  })

  test('keeps no failure, and nothing of a call that nobody waited for', async () => {
    const { calls, cache, ask } = setUp()
    const leaver = new AbortController()
    const left = ask(leaver.signal)
    const other = ask()
    await promisesSettle()
    expect(calls.length, 'calls for two who ask at once').toBe(1)
    calls[0]!.fail(failure)
    for (const one of [left, other]) expect(await one.outcome()).toEqual(rejected(failure))
    expect(cache.entries, 'answers kept, after a failure').toBe(0)
    const last = new AbortController()
    const gone = ask(last.signal)
    await promisesSettle()
    expect(calls.length, 'calls, when one asks after it').toBe(2)
    last.abort(goodbye)
    expect(await gone.outcome()).toEqual(rejected(goodbye))
    expect(calls[1]!.signal.reason, 'why that call was aborted: its only caller has left').toBeInstanceOf(
      NotNeededError,
    )
    const next = ask()
    await promisesSettle()
    calls[2]!.answer('600')
    await next.outcome()
    calls[1]!.answer('590')
    await promisesSettle()
    expect(await ask().outcome(), 'what is kept, when the call that nobody waited for has an answer at last').toEqual(
      given({ value: '600', how: 'hit' }),
    )
  })
})

describe('Step 3: Stale is better than nothing', () => {
  const options = { patienceMs: 100, slowMs: 10_000, errorMs: 60_000 }

  /** A cache with an answer of `ageMs`, 2,000 by default, of which a second is fresh. */
  async function aged(more: Partial<CacheOptions> = {}, ageMs = 2_000) {
    const set = setUp({ ...options, ...more })
    await set.keep('590')
    await elapse(ageMs)
    return set
  }

  test('gives what is stale when a call is slow, and says how old it is', async () => {
    const { calls, ask } = await aged()
    const one = ask()
    await elapse(99)
    expect(await one.outcome(), 'after 99 ms, with a patience of 100').toEqual(pending)
    await elapse(1)
    expect(await one.outcome(), 'after 100').toEqual(given({ value: '590', how: 'stale', ageMs: 2_100 }))
    const outcome = (await one.outcome()) as { value: Answer<unknown> }
    expect(outcome.value.cause, 'its cause: nothing has failed').toBeUndefined()
    expect(calls.length, 'calls').toBe(2)
    calls[1]!.answer('600')
    await promisesSettle()
    const quick = await aged()
    const two = quick.ask()
    await elapse(99)
    quick.calls[1]!.answer('600')
    expect(await two.outcome(), 'of a call that took 99 ms').toEqual(given({ value: '600', how: 'miss' }))
  })

  test('does not have late comers wait anew', async () => {
    const { calls, ask } = await aged()
    const first = ask()
    await elapse(60)
    const second = ask()
    await elapse(40)
    for (const one of [first, second])
      expect(await one.outcome(), 'it is the call that has taken 100 ms, for whoever waits').toEqual(
        given({ how: 'stale' }),
      )
    expect(await ask().outcome(), 'who comes when it has').toEqual(given({ how: 'stale', ageMs: 2_100 }))
    expect(calls.length, 'calls').toBe(2)
    calls[1]!.answer('600')
    await promisesSettle()
  })

  test('gives it at once with a patience of 0, and never with Infinity', async () => {
    const { calls, ask } = await aged({ patienceMs: 0 })
    expect(await ask().outcome(), 'with a patience of 0 (stale-while-revalidate)').toEqual(
      given({ how: 'stale', ageMs: 2_000 }),
    )
    expect(calls.length, 'calls').toBe(2)
    calls[1]!.answer('600')
    await promisesSettle()
    expect(await ask().outcome(), 'what that call has brought').toEqual(given({ value: '600', how: 'hit' }))

    const slow = await aged({ patienceMs: 2 ** 31 })
    const other = slow.ask()
    await elapse(9_000)
    expect(
      await other.outcome(),
      'after nine seconds, with a patience of 2³¹ ms: a timer of so many fires at once',
    ).toEqual(pending)
    slow.calls[1]!.answer('600')
    await other.outcome()
    const patient = await aged({ patienceMs: Infinity })
    const one = patient.ask()
    await promisesSettle()
    expect(vi.getTimerCount(), 'timers: that of the call, and none of who waits').toBe(1)
    await elapse(9_000)
    expect(await one.outcome(), 'after nine seconds, with a patience of Infinity').toEqual(pending)
    patient.calls[1]!.answer('600')
    expect(await one.outcome()).toEqual(given({ value: '600', how: 'miss' }))
  })

  test('has that call go on, whoever leaves, and keeps what it brings', async () => {
    const { calls, ask } = await aged()
    const leaver = new AbortController()
    const one = ask(leaver.signal)
    await elapse(100)
    expect(await one.outcome(), 'after 100 ms, with a patience of 100').toEqual(given({ how: 'stale' }))
    expect(getEventListeners(leaver.signal, 'abort').length, 'listeners on the signal of who has an answer').toBe(0)
    leaver.abort(goodbye)
    const other = new AbortController()
    ask(other.signal)
    other.abort(goodbye)
    await promisesSettle()
    expect(calls[1]!.signal.aborted, 'whether the call was aborted: who has something stale waits for nothing').toBe(
      false,
    )
    await elapse(300)
    calls[1]!.answer('600')
    await promisesSettle()
    expect(await ask().outcome(), 'the next one').toEqual(given({ value: '600', how: 'hit', ageMs: 400 }))
    expect(calls.length, 'calls').toBe(2)
    expect(vi.getTimerCount(), 'timers').toBe(0)

    await elapse(1_000)
    const first = new AbortController()
    ask(first.signal)
    const second = ask()
    await elapse(50)
    first.abort(goodbye)
    await elapse(50)
    expect(await second.outcome(), 'who joined the call of one who has left meanwhile').toEqual(given({ how: 'stale' }))
    expect(
      calls[2]!.signal.aborted,
      'whether the call was aborted, of which the second one was given a stale one',
    ).toBe(false)
    calls[2]!.answer('610')
    await promisesSettle()
  })

  test('gives what is stale when a call fails, and says why', async () => {
    const { calls, ask } = await aged()
    const waiting = [ask(), ask()]
    await elapse(20)
    calls[1]!.fail(failure)
    for (const one of waiting)
      expect(await one.outcome(), 'of a call that failed after 20 ms').toEqual(
        given({ value: '590', how: 'stale', ageMs: 2_020, cause: failure }),
      )
    const next = ask()
    await promisesSettle()
    expect(calls.length, 'calls: a failure is not kept, so the next one asks').toBe(3)
    calls[2]!.answer('600')
    expect(await next.outcome()).toEqual(given({ value: '600', how: 'miss' }))
    for (const [what, cause] of [
      ['an AbortError of the carrier’s own client', new DOMException('This operation was aborted', 'AbortError')],
      ['a TimeoutError of AbortSignal.timeout', new DOMException('The operation timed out', 'TimeoutError')],
      ['a NotNeededError of somebody else’s', new NotNeededError('a hedge has won')],
      ['undefined', undefined],
    ] as const) {
      await elapse(2_000)
      const one = ask()
      await promisesSettle()
      calls.at(-1)!.fail(cause)
      expect(await one.outcome(), `of a call that failed with ${what}: nobody has left, so it is a failure`).toEqual(
        given({ value: '600', how: 'stale', ...(cause && { cause }) }),
      )
    }
  })

  test('gives what is stale in the place of a call that never settles', async () => {
    const { calls, ask } = await aged({ patienceMs: Infinity, limitMs: 500 })
    const one = ask()
    await elapse(500)
    expect(await one.outcome(), 'of a call that hangs, with a limitMs of 500').toEqual(
      given({ how: 'stale', ageMs: 2_500, cause: expect.any(TimeoutError) }),
    )
    const next = ask()
    await promisesSettle()
    expect(calls.length, 'calls: the key is free').toBe(3)
    calls[2]!.answer('600')
    expect(await next.outcome()).toEqual(given({ value: '600' }))
  })

  test('gives nothing that is too old, by when it answers', async () => {
    const { calls, ask } = await aged({}, 9_899)
    const one = ask()
    await elapse(100)
    expect(await one.outcome(), 'when a call is slow, 9,999 ms old, with a slowMs of 10,000').toEqual(
      given({ how: 'stale', ageMs: 9_999 }),
    )
    await elapse(1)
    const two = ask()
    expect(await two.outcome(), 'when a call is slow, 10,000 ms old').toEqual(pending)
    calls[1]!.fail(failure)
    expect(await two.outcome(), 'but it has failed, and errorMs is 60,000').toEqual(
      given({ how: 'stale', ageMs: 10_000, cause: failure }),
    )
    const three = ask()
    await elapse(49_999)
    calls[2]!.fail(failure)
    const outcome = await three.outcome()
    expect(outcome, 'limitMs of 10,000 is over long ago').toEqual(given({ cause: expect.any(TimeoutError) }))

    const old = await aged({}, 59_990)
    const four = old.ask()
    await elapse(9)
    old.calls[1]!.fail(failure)
    expect(await four.outcome(), '59,999 ms old, with an errorMs of 60,000').toEqual(given({ ageMs: 59_999 }))
    const five = old.ask()
    await elapse(1)
    old.calls[2]!.fail(failure)
    expect(
      await five.outcome(),
      'it was 59,999 ms old when this one asked, and is 60,000 now: then the failure is the answer',
    ).toEqual(rejected(failure))
  })

  test('has no answer but the failure where nothing stale is wanted', async () => {
    const { calls, ask, keep } = setUp()
    await keep('590')
    await elapse(1_000)
    const [one, two] = [ask(), ask()]
    await elapse(5_000)
    expect(await one.outcome(), 'slowMs is freshMs unless it is given').toEqual(pending)
    expect(calls.length, 'calls').toBe(2)
    calls[1]!.fail(failure)
    for (const each of [one, two]) expect(await each.outcome(), 'and so is errorMs').toEqual(rejected(failure))
  })

  test('gives nothing stale to somebody who leaves, and ends the call with the last', async () => {
    const { calls, ask } = await aged()
    const leavers = [new AbortController(), new AbortController()]
    const waiting = leavers.map(({ signal }) => ask(signal))
    await promisesSettle()
    expect(calls.length, 'calls for two who ask at once').toBe(2)
    await elapse(50)
    leavers[0]!.abort(goodbye)
    expect(await waiting[0]!.outcome(), 'who has left: an abort is no failure, nor slow').toEqual(rejected(goodbye))
    expect(calls[1]!.signal.aborted, 'whether the call was aborted, for which one still waits').toBe(false)
    leavers[1]!.abort(goodbye)
    expect(await waiting[1]!.outcome()).toEqual(rejected(goodbye))
    expect(calls[1]!.signal.aborted, 'whether it was when the last one left, and nobody had something stale').toBe(true)
    const next = ask()
    await promisesSettle()
    expect(calls.length, 'calls, when the next one comes').toBe(3)
    await elapse(100)
    expect(await next.outcome(), 'whose patience counts from his own call').toEqual(given({ how: 'stale' }))
    calls[2]!.answer('600')
    await promisesSettle()
    const gone = AbortSignal.abort(goodbye)
    expect(await ask(gone).outcome(), 'who had gone before he asked, though there is something').toEqual(
      rejected(goodbye),
    )
  })

  test('leaves no timer and no listener behind', async () => {
    const { calls, ask, keep } = await aged()
    const { signal } = new AbortController()
    const waiting = [ask(signal), ask(signal)]
    await promisesSettle()
    expect(calls.length, 'calls for two who ask at once').toBe(2)
    calls[1]!.fail(failure)
    for (const one of waiting) expect(await one.outcome()).toEqual(given({ how: 'stale' }))
    await keep('600')
    for (let i = 0; i < 3; i++) await ask(signal).outcome()
    const leaver = new AbortController()
    await elapse(2_000)
    ask(leaver.signal)
    leaver.abort(goodbye)
    await promisesSettle()
    expect(getEventListeners(signal, 'abort').length, 'listeners on a signal that lives on').toBe(0)
    expect(vi.getTimerCount(), 'timers, with no call under way').toBe(0)
  })
})

describe('Step 4: The same question', () => {
  test('keeps so many at most, and forgets whoever was not asked for longest', async () => {
    const { cache } = setUp({ maxEntries: 3 })
    const fetch = vi.fn<Fetch<unknown>>(async () => '590')
    for (const key of ['Rome', 'Oslo', 'Bari']) await cache.get(key, fetch)
    await cache.get('Rome', fetch)
    await cache.get('Linz', fetch)
    expect(cache.entries, 'answers kept, with maxEntries of 3').toBe(3)
    const how = async (key: string) => (await cache.get(key, fetch)).how
    expect(await how('Rome'), 'of which somebody has asked for again').toBe('hit')
    expect(await how('Oslo'), 'for which nobody has asked for longest').toBe('miss')
    for (let i = 0; i < 500; i++) await cache.get(`${i}`, fetch)
    expect(cache.entries, 'answers kept, after 500 other questions').toBe(3)
  })

  test('keeps so many bytes at most, and gives what is too large without keeping it', async () => {
    const { cache } = setUp({ maxBytes: 1_000 })
    const text = (length: number) => async () => 'x'.repeat(length)
    await cache.get('Rome', text(94))
    expect(cache.bytes, 'bytes of 94 letters and their quotes, a key of 4, and 200').toBe(300)
    await cache.get('Oslö', async () => ({ ü: 1 }))
    expect(cache.bytes, 'and of {"ü":1} and a key of 5 bytes').toBe(300 + 8 + 5 + 200)
    const nothing = setUp()
    await nothing.cache.get('Rome', async () => undefined)
    expect(nothing.cache.bytes, 'of undefined, which has no JSON').toBe(204)
    const again = setUp({ freshMs: 0, maxBytes: 1_000 })
    for (const length of [94, 94, 64]) await again.cache.get('Rome', text(length))
    expect(again.cache.bytes, 'of one that was asked three times: the last one is kept, of 64 letters').toBe(270)
    await again.cache.get('Rome', text(2_000))
    expect([again.cache.entries, again.cache.bytes], 'answers and bytes, when one of 2,000 has replaced it').toEqual([
      0, 0,
    ])
    for (let i = 0; i < 9; i++) await cache.get(`a${i}xx`, text(94))
    expect(cache.bytes, 'bytes kept, with maxBytes of 1,000').toBeLessThanOrEqual(1_000)
    expect(cache.entries, 'answers kept, of 300 bytes each').toBe(3)
    const large = await cache.get('Rome', text(2_000))
    expect(large, 'one of 2,000 bytes is given').toMatchObject({ value: 'x'.repeat(2_000), how: 'miss' })
    expect(cache.bytes, 'and not kept').toBeLessThanOrEqual(1_000)
    expect(cache.entries, 'answers kept: nothing goes for what does not fit anyway').toBe(3)
    expect(await cache.get('Rome', text(94)), 'so the next one asks').toMatchObject({ how: 'miss' })
  })
})

describe('Step 7: A no is an answer', () => {
  const no = new Error('there is no such place')
  const isRefusal = (error: unknown) => error === no
  const options = { isRefusal, slowMs: 10_000, errorMs: 60_000, patienceMs: 100 }

  test('passes a no on, and has it replace what was kept', async () => {
    const { calls, ask, keep } = setUp(options)
    await keep('590')
    await elapse(2_000)
    const waiting = [ask(), ask()]
    await promisesSettle()
    expect(calls.length, 'calls for two who ask at once').toBe(2)
    calls[1]!.fail(no)
    for (const one of waiting)
      expect(await one.outcome(), 'isRefusal names it: it is an answer, and the old one is wrong').toEqual(rejected(no))
    const next = ask()
    await promisesSettle()
    expect(calls.length, 'calls: refusalMs is 0').toBe(3)
    calls[2]!.fail(failure)
    expect(await next.outcome(), 'a failure after the no, and what was kept before it').toEqual(rejected(failure))
  })

  test('remembers a no for so long, and then asks again', async () => {
    const { calls, ask } = setUp({ ...options, refusalMs: 500 })
    const one = ask()
    await elapse(100)
    calls[0]!.fail(no)
    expect(await one.outcome()).toEqual(rejected(no))
    await elapse(399)
    expect(await ask().outcome(), '499 ms after that call began, with refusalMs of 500').toEqual(rejected(no))
    expect(calls.length, 'calls').toBe(1)
    await elapse(1)
    const next = ask()
    await promisesSettle()
    expect(calls.length, 'calls, after 500').toBe(2)
    calls[1]!.answer('590')
    expect(await next.outcome()).toEqual(given({ value: '590', how: 'miss' }))
    expect(await ask().outcome(), 'what is kept, now that there is such a place').toEqual(given({ how: 'hit' }))
  })

  test('takes no other failure for a no', async () => {
    const { calls, ask, keep } = setUp({ ...options, refusalMs: 500 })
    await keep('590')
    await elapse(2_000)
    const one = ask()
    await promisesSettle()
    calls[1]!.fail(failure)
    expect(await one.outcome(), 'what isRefusal does not name').toEqual(given({ how: 'stale', cause: failure }))
    const next = ask()
    await promisesSettle()
    expect(calls.length, 'calls, when the next one comes').toBe(3)
    calls[2]!.answer('600')
    expect(await next.outcome()).toEqual(given({ value: '600' }))
  })
})

describe('Step 8: Before it is too late', () => {
  /** A call took 100 ms: at this draw, a hit is refreshed when `early` ms are left, with an earliness of 1. */
  const drawFor = (early: number) => 1 - Math.exp(-early / 100)

  async function kept(options: Partial<CacheOptions> & { draw: { next: number } }) {
    const { draw, ...more } = options
    const set = setUp({ earliness: 1, random: () => draw.next, ...more })
    await set.keep('590', 100)
    return set
  }

  test('refreshes a hit behind, the likelier the nearer its end', async () => {
    for (const [earliness, early] of [
      [1, 200],
      [2, 400],
    ] as const) {
      const draw = { next: drawFor(200.25) }
      const { calls, ask } = await kept({ draw, earliness })
      await elapse(900 - early - 1)
      expect(await ask().outcome()).toEqual(given({ how: 'hit' }))
      expect(calls.length, `calls, ${early + 1} ms before it is too old, drawn ${early}`).toBe(1)
      await elapse(1)
      expect(await ask().outcome(), 'who draws it has a hit, and does not wait').toEqual(
        given({ value: '590', how: 'hit' }),
      )
      expect(calls.length, `calls, ${early} ms before it is too old, at an earliness of ${earliness}`).toBe(2)
      calls[1]!.answer('600')
      await promisesSettle()
      draw.next = 0
      expect(await ask().outcome(), 'and then').toEqual(given({ value: '600', how: 'hit', ageMs: 0 }))
    }
  })

  test('refreshes once, however many draw it, and whatever becomes of them', async () => {
    const draw = { next: 0.999_999 }
    const { calls, ask } = await kept({ draw })
    const leaver = new AbortController()
    const waiting = Array.from({ length: 100 }, () => ask(leaver.signal))
    await promisesSettle()
    expect(calls.length, 'calls, when a hundred draw it').toBe(2)
    leaver.abort(goodbye)
    for (const one of waiting.slice(0, 3)) expect(await one.outcome()).toEqual(given({ how: 'hit' }))
    await elapse(900)
    const late = ask()
    await promisesSettle()
    expect(calls.length, 'calls, when it is too old and the refresh still under way').toBe(2)
    expect(calls[1]!.signal.aborted, 'whether the refresh was aborted').toBe(false)
    calls[1]!.answer('600')
    expect(await late.outcome(), 'who has waited for it').toEqual(given({ value: '600', how: 'shared' }))
  })

  test('never refreshes early at a draw of 0, nor unless it is told to', async () => {
    const eager = { next: 0.999_999 }
    const lazy = { next: 0 }
    const sets = [await kept({ draw: eager }), await kept({ draw: lazy }), await kept({ draw: eager, earliness: 0 })]
    await promisesSettle()
    const counts = []
    for (const { ask, calls } of sets) {
      expect(await ask().outcome()).toEqual(given({ how: 'hit' }))
      counts.push(calls.length)
    }
    expect(counts, 'calls: drawn 0.999999, drawn 0, and with an earliness of 0').toEqual([2, 1, 1])
    sets[0]!.calls[1]!.answer('600')
    await promisesSettle()
  })

  test('keeps what there is when a refresh fails', async () => {
    const unhandled = vi.fn<(reason: unknown) => void>()
    process.on('unhandledRejection', unhandled)
    const draw = { next: 0.999_999 }
    const no = new Error('there is no such place')
    const { calls, ask } = await kept({ draw, isRefusal: (error) => error === no, refusalMs: 500 })
    expect(await ask().outcome()).toEqual(given({ how: 'hit' }))
    expect(calls.length, 'calls, drawn 0.999999').toBe(2)
    calls[1]!.fail(failure)
    await promisesSettle()
    draw.next = 0
    expect(await ask().outcome(), 'what was kept').toEqual(given({ value: '590', how: 'hit' }))
    draw.next = 0.999_999
    await ask().outcome()
    calls[2]!.fail(no)
    await promisesSettle()
    expect(await ask().outcome(), 'after a refresh that was told no: there is no such place any more').toEqual(
      rejected(no),
    )
    await promisesSettle()
    process.off('unhandledRejection', unhandled)
    expect(unhandled.mock.calls, 'rejections that nobody has heard').toEqual([])
  })
})
