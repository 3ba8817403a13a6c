import { type Answer, type CacheOptions, type Fetch, StaleCache } from '#chapters/09-graceful-degradation/cache.ts'
import type { Kept, Level } from '#chapters/09-graceful-degradation/levels.ts'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { TimeoutError } from '../../shared/core/errors.ts'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

const elapse = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const given = (answer: Partial<Answer<unknown>>) => ({ status: 'fulfilled', value: expect.objectContaining(answer) })
const pending = { status: 'pending' }
const failure = new Error('status 503')

/** A second level that answers as it is told to, by default at once and with what it has; its answers get older. */
function secondLevel() {
  const kept = new Map<string, { kept: Kept<unknown>; at: number }>()
  const get = vi.fn<Level<unknown>['get']>(async (key) => {
    const found = kept.get(key)
    return found && { ...structuredClone(found.kept), ageMs: found.kept.ageMs + performance.now() - found.at }
  })
  const set = vi.fn<Level<unknown>['set']>(async (key, value) => {
    kept.set(key, { kept: value, at: performance.now() })
  })
  return { get, set }
}

/** One that is a class, and has its answer in itself: in the same millisecond. */
class OneAnswer implements Level<unknown> {
  readonly #kept = { value: '590', ageMs: 0, tookMs: 0 }
  async get() {
    return this.#kept
  }
  async set() {}
}

function instance(second: Level<unknown>, options: Partial<CacheOptions> = {}) {
  const failures: unknown[] = []
  const cache = new StaleCache<unknown>({
    freshMs: 1_000,
    slowMs: 10_000,
    errorMs: 60_000,
    patienceMs: 100,
    second,
    onSecondFailure: (error) => failures.push(error),
    ...options,
  })
  const calls: { signal: AbortSignal; answer(value: unknown): void; fail(error: unknown): void }[] = []
  const fetch: Fetch<unknown> = (signal) => new Promise((answer, fail) => void calls.push({ signal, answer, fail }))
  const ask = (signal?: AbortSignal) => {
    const promise = cache.get('Rome', fetch, signal)
    promise.catch(() => {})
    return { outcome: () => outcomeOf(promise, 3) }
  }
  return { cache, calls, ask, failures }
}

/** Two instances on one second level; the first has asked, and had `590` after 40 ms. */
async function two(options?: Partial<CacheOptions>) {
  const second = secondLevel()
  const [one, other] = [instance(second, options), instance(second, options)]
  const first = one.ask()
  await promisesSettle()
  await elapse(40)
  one.calls[0]!.answer({ cents: 590 })
  expect(await first.outcome()).toEqual(given({ how: 'miss' }))
  return { second, one, other }
}

describe('Step 9: A second level', () => {
  test('asks it once for all, and has ages go on', async () => {
    const now = instance(new OneAnswer())
    expect(await now.ask().outcome(), 'of an answer that is there in the same millisecond').toEqual(
      given({ how: 'hit', ageMs: 0 }),
    )
    const { second, other } = await two()
    expect(second.set.mock.calls, 'what it was given to keep: how old it is, and how long it took').toEqual([
      ['Rome', { value: { cents: 590 }, ageMs: 40, tookMs: 40 }],
    ])
    second.get.mockClear()
    await elapse(500)
    const crowd = [other.ask(), other.ask(), other.ask()]
    for (const each of crowd)
      expect(await each.outcome(), 'at another instance, of an answer that began 540 ms ago').toEqual({
        status: 'fulfilled',
        value: { value: { cents: 590 }, how: 'hit', ageMs: 540 },
      })
    expect(second.get, 'times that it was asked, for three at once').toHaveBeenCalledTimes(1)
    const keys = instance(second)
    for (const key of ['Rome', 'Oslo']) void keys.cache.get(key, async () => '700')
    await promisesSettle()
    expect(
      second.get.mock.calls.slice(1).map(([key]) => key),
      'what it was asked, for two questions at once',
    ).toEqual(['Rome', 'Oslo'])
    second.get.mockClear()
    expect(other.calls.length, 'calls').toBe(0)
    await elapse(459)
    expect(await other.ask().outcome(), 'from then on it has its own').toEqual(given({ how: 'hit', ageMs: 999 }))
    expect(second.get, 'times that it was asked for what is fresh here').not.toHaveBeenCalled()
    await elapse(1)
    const next = other.ask()
    await promisesSettle()
    expect(other.calls.length, 'calls, when it is 1,000 ms old, here and there').toBe(1)
    other.calls[0]!.answer({ cents: 600 })
    expect(await next.outcome()).toEqual(given({ value: { cents: 600 }, how: 'miss' }))
  })

  test('gives what is stale there when a call is slow, or fails', async () => {
    for (const patienceMs of [100, 0]) {
      const { other } = await two({ patienceMs })
      await elapse(2_000)
      const slow = other.ask()
      await promisesSettle()
      await elapse(patienceMs)
      expect(await slow.outcome(), `with a patience of ${patienceMs}, and nothing of its own`).toEqual(
        given({ value: { cents: 590 }, how: 'stale' }),
      )
      other.calls[0]!.fail(failure)
      await promisesSettle()
    }
    const impatient = await two({ patienceMs: 0 })
    expect(await impatient.other.ask().outcome(), 'with a patience of 0, and what is fresh there').toEqual(
      given({ how: 'hit', ageMs: 40 }),
    )
    const { other } = await two()
    await elapse(2_000)
    const fails = other.ask()
    await promisesSettle()
    other.calls[0]!.fail(failure)
    expect(await fails.outcome(), 'of a call that failed').toEqual(
      given({ how: 'stale', ageMs: 2_040, cause: failure }),
    )
  })

  test('takes whatever goes wrong there for a miss', async () => {
    const wrong: [string, () => unknown][] = [
      ['is silent', () => new Promise(() => {})],
      ['rejects', () => Promise.reject(new Error('ECONNREFUSED'))],
      [
        'throws',
        () => {
          throw new Error('the connection is closed')
        },
      ],
      ...[
        null,
        'OK',
        { value: 1 },
        { value: 1, ageMs: 1 },
        { value: 1, ageMs: NaN, tookMs: 1 },
        { value: 1, ageMs: -1, tookMs: 1 },
        // What JSON has made of NaN; and 0 or more, to JavaScript.
        { value: 1, ageMs: null, tookMs: 1 },
        { value: 1, ageMs: 1, tookMs: '1' },
        { value: 1, ageMs: 1, tookMs: Infinity },
      ].map((nonsense): [string, () => unknown] => [`says ${inspect(nonsense)}`, async () => nonsense]),
    ]
    for (const [does, get] of wrong) {
      const { ask, calls, failures } = instance({ ...secondLevel(), get: get as Level<unknown>['get'] })
      const waiting = [ask(), ask()]
      await promisesSettle()
      await elapse(does === 'is silent' ? 50 : 0)
      expect(calls.length, `calls for two, when it ${does} (it has 50 ms)`).toBe(1)
      calls[0]!.answer('590')
      for (const one of waiting)
        expect(await one.outcome(), `when it ${does}: nobody’s request is to fail for that`).toEqual(
          given({ value: '590' }),
        )
      expect(failures.length, `how often onSecondFailure was told, when it ${does}`).toBe(1)
    }
    let giveUp: (error: unknown) => void = () => {}
    const get = () => new Promise<undefined>((_, reject) => (giveUp = reject))
    const { ask, calls, failures } = instance({ ...secondLevel(), get }, { secondMs: 20 })
    const one = ask()
    await elapse(19)
    expect(calls.length, 'calls after 19 ms, with secondMs of 20').toBe(0)
    await elapse(1)
    expect(calls.length, 'calls after 20').toBe(1)
    giveUp(new Error('the connection is closed'))
    await promisesSettle()
    expect(failures, 'what onSecondFailure was told of one that was late, and then failed').toEqual([
      expect.any(TimeoutError),
    ])
    calls[0]!.answer('590')
    await one.outcome()
    expect(vi.getTimerCount(), 'timers').toBe(0)
  })

  test('has patience and limit hold for both together', async () => {
    const { second, one } = await two()
    await elapse(2_000)
    second.get.mockImplementation(() => new Promise(() => {}))
    const stale = one.ask()
    await elapse(50)
    await elapse(49)
    expect(await stale.outcome(), 'after 99 ms, of which the second level had 50').toEqual(pending)
    await elapse(1)
    expect(await stale.outcome(), 'after 100, with a patience of 100').toEqual(given({ how: 'stale' }))
    expect(one.calls.length, 'calls').toBe(2)
    one.calls[1]!.fail(failure)
    await promisesSettle()
    const leaver = new AbortController()
    one.ask(leaver.signal)
    await elapse(10)
    leaver.abort(new Error('the customer has hung up'))
    await elapse(100)
    expect(one.calls.length, 'calls, when the last one left while the second level was being asked').toBe(2)

    let look: (kept: Kept<unknown>) => void = () => {}
    const get = vi.fn<Level<unknown>['get']>(() => new Promise((resolve) => (look = resolve)))
    const hasty = instance({ ...secondLevel(), get }, { limitMs: 100, patienceMs: 90, secondMs: 300 })
    const first = hasty.ask()
    await elapse(110)
    expect(await first.outcome(), 'of a second level that took longer than limitMs').toMatchObject({
      reason: { code: 'TIMEOUT' },
    })
    const last = new AbortController()
    hasty.ask(last.signal)
    await elapse(10)
    expect(
      get,
      'times that it was asked: it has not said anything yet, and one question is enough',
    ).toHaveBeenCalledTimes(1)
    look({ value: '590', ageMs: 2_000, tookMs: 40 })
    await promisesSettle()
    expect(hasty.calls.length, 'calls, when what it has is stale').toBe(1)
    last.abort(new Error('the customer has hung up'))
    expect(hasty.calls[0]!.signal.aborted, 'whether the call was aborted, for which nobody waits any more').toBe(true)
  })

  test('has nobody wait for the write, nor fail with it', async () => {
    for (const [set, told] of [
      [() => new Promise<void>(() => {}), 0],
      [() => Promise.reject(new Error('READONLY')), 1],
      [
        () => {
          throw new Error('the connection is closed')
        },
        1,
      ],
    ] as const) {
      const { ask, calls, failures } = instance({ ...secondLevel(), set })
      const one = ask()
      await promisesSettle()
      calls[0]!.answer('590')
      expect(await one.outcome(), `of a write by ${set}`).toEqual(given({ value: '590', how: 'miss' }))
      expect(await ask().outcome()).toEqual(given({ how: 'hit' }))
      if (told) expect(failures.length, `how often onSecondFailure was told of a write by ${set}`).toBe(told)
    }
  })

  test('takes a younger one from there, and never its own for a refresh', async () => {
    const draw = { next: 0 }
    const { second, one, other } = await two({ earliness: 1, random: () => draw.next })
    expect(await other.ask().outcome(), 'of the other instance').toEqual(given({ how: 'hit' }))
    await elapse(500)
    draw.next = 1 - Math.exp(-600 / 40)
    expect(await one.ask().outcome(), 'who draws that it is high time').toEqual(given({ how: 'hit' }))
    await promisesSettle()
    expect(one.calls.length, 'calls: the second level has only what it has itself').toBe(2)
    one.calls[1]!.answer({ cents: 600 })
    await promisesSettle()
    await elapse(10)
    second.get.mockClear()
    expect(await other.ask().outcome(), 'another instance draws it, too').toEqual(given({ value: { cents: 590 } }))
    await promisesSettle()
    expect(second.get, 'times that the second level was asked').toHaveBeenCalledTimes(1)
    expect(other.calls.length, 'calls: the first has asked a moment ago').toBe(0)
    draw.next = 0
    expect(await other.ask().outcome(), 'what the other has then').toEqual(
      given({ value: { cents: 600 }, how: 'hit', ageMs: 10 }),
    )
  })

  test('does not bring back what a no has replaced, and freezes what comes from there', async () => {
    const no = new Error('there is no such place')
    const { second, one, other } = await two({ isRefusal: (error) => error === no })
    const copy = (await other.ask().outcome()) as { value: Answer<{ cents: number }> }
    try {
      copy.value.value.cents = 1
    } catch {
      // It is frozen.
    }
    expect(await other.ask().outcome(), 'what the other has, when somebody has written into his copy').toEqual(
      given({ value: { cents: 590 }, how: 'hit' }),
    )
    expect(second.get, 'times that it was asked by either').toHaveBeenCalledTimes(2)
    await elapse(1_000)
    const refused = one.ask()
    await promisesSettle()
    one.calls[1]!.fail(no)
    expect(await refused.outcome()).toEqual({ status: 'rejected', reason: no })
    expect(second.set, 'times that it was given something to keep: a no is none').toHaveBeenCalledTimes(1)
    const next = one.ask()
    await promisesSettle()
    one.calls[2]!.fail(failure)
    expect(await next.outcome(), 'a failure, a no before it, and an old answer in the second level').toEqual({
      status: 'rejected',
      reason: failure,
    })
  })
})
