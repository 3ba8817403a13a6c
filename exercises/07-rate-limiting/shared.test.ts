import type { Decision, Limit } from '#chapters/07-rate-limiting/options.ts'
import { SCRIPT } from '#chapters/07-rate-limiting/script.ts'
import { SharedLimit, type SharedLimitOptions } from '#chapters/07-rate-limiting/shared.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

const own: Decision = { allowed: true, remaining: 3, retryAfterMs: 0, moreInMs: 1 }

type Answer = () => Promise<unknown>
const says =
  (...reply: unknown[]): Answer =>
  async () =>
    reply
const silent: Answer = () => new Promise(() => {})

/** A Redis that does as it is told, and what became of it. At 50 a second, a burst of 100 is two seconds. */
function setUp(answer: Answer, options: Partial<SharedLimitOptions> = {}) {
  const redis = vi.fn<(script: string, keys: string[], args: string[]) => Promise<unknown>>(answer)
  const take = vi.fn<Limit['take']>(() => own)
  const changes: unknown[] = []
  const limit = new SharedLimit({
    rate: { perSecond: 50, burst: 100 },
    redis,
    fallback: { take },
    onChange: (change) => changes.push(change),
    ...options,
  })
  return { limit, redis, take, changes, become: (next: Answer) => void redis.mockImplementation(next) }
}

/** One that has just failed. */
async function away(options?: Partial<SharedLimitOptions>) {
  const set = setUp(() => Promise.reject(new Error('ECONNREFUSED')), options)
  await outcomeOf(set.limit.take('a'))
  expect(set.take.mock.calls, 'who was asked instead of a Redis that fails').toEqual([['a', 1]])
  return set
}

const answered = (value: unknown) => ({ status: 'fulfilled', value })

describe('Step 10: Several instances, one limit', () => {
  test('asks Redis once, and says what that has decided', async () => {
    const { limit, redis, take } = setUp(says('40.5', '0'))
    expect(await limit.take('key:web', 2), 'of a bucket that owes 40.5 ms, which is two units and a bit').toEqual({
      allowed: true,
      remaining: 97,
      retryAfterMs: 0,
      moreInMs: 0.5,
    })
    expect(redis.mock.calls, 'calls: each is a way through the network, and between two of them others decide').toEqual(
      [[SCRIPT, [expect.stringContaining('key:web')], ['40', '2000']]],
    )
    redis.mockImplementation(says('2000', '20'))
    expect(await limit.take('key:app'), 'of a bucket that owes a burst, and lacks 20 ms').toEqual({
      allowed: false,
      remaining: 0,
      retryAfterMs: 20,
      moreInMs: 20,
    })
    expect(redis.mock.calls[1]![2], 'what is sent for one').toEqual(['20', '2000'])
    expect(redis.mock.calls[1]![1], 'the key of another client').not.toEqual(redis.mock.calls[0]![1])
    redis.mockImplementation(says('1940', '40'))
    expect(await limit.take('key:app', 5), 'five, of a bucket that has three: some, and too few').toMatchObject({
      allowed: false,
      remaining: 3,
      retryAfterMs: 40,
    })
    expect(redis.mock.calls[2]![1], 'the key of the same client, for another cost').toEqual(redis.mock.calls[1]![1])
    redis.mockImplementation(says('2000', '0'))
    expect(await limit.take('key:app'), 'the last one').toMatchObject({ allowed: true, remaining: 0, retryAfterMs: 0 })
    redis.mockImplementation(says('0', '0'))
    expect(await limit.take('key:new'), 'of a bucket that owes nothing: there is nothing to come').toMatchObject({
      remaining: 100,
      moreInMs: 0,
    })
    expect(take, 'the limit of this process, while Redis answers').not.toHaveBeenCalled()
    const unsaid = setUp(says('20', '0'), { rate: { perSecond: 50 } })
    await unsaid.limit.take('key:web')
    expect(unsaid.redis.mock.calls[0]?.[2], 'what is sent with no burst said: see rateOf').toEqual(['20', '1000'])
  })

  test('has this process decide when Redis is silent, fails or talks nonsense', async () => {
    const cases: [string, Answer][] = [
      ['is silent', silent],
      ['rejects', () => Promise.reject(new Error('ECONNREFUSED'))],
      [
        'throws',
        () => {
          throw new Error('The connection is closed')
        },
      ],
      ...[null, 'OK', [], ['NaN', '0'], ['1'], ['-5', '0'], ['20', '-1'], { 0: '1', 1: '0' }].map(
        (reply): [string, Answer] => [`says ${JSON.stringify(reply)}`, async () => reply],
      ),
    ]
    for (const [does, answer] of cases) {
      const { limit, take } = setUp(answer)
      const decision = limit.take('a', 5)
      decision.catch(() => {})
      await vi.advanceTimersByTimeAsync(50)
      expect(
        await outcomeOf(decision),
        `Redis ${does}: nobody’s request is to fail for that, nor wait for long`,
      ).toEqual(answered(own))
      expect(take.mock.calls, `what the limit of this process was asked, when Redis ${does}`).toEqual([['a', 5]])
    }
  })

  test('waits for Redis for so long, and no longer', async () => {
    for (const [waitMs, options] of [
      [50, {}],
      [200, { waitMs: 200 }],
    ] as const) {
      const slow: Answer = () => new Promise((resolve) => setTimeout(resolve, waitMs - 1, ['20', '0']))
      const { limit, take } = setUp(slow, options)
      const decision = limit.take('a')
      await vi.advanceTimersByTimeAsync(waitMs - 1)
      expect(
        await outcomeOf(decision),
        `an answer after ${waitMs - 1} ms, where ${waitMs} are waited for`,
      ).toMatchObject({
        value: { remaining: 99 },
      })
      expect(take).not.toHaveBeenCalled()
      const late = setUp(silent, options)
      const waits = late.limit.take('a')
      await vi.advanceTimersByTimeAsync(waitMs - 1)
      expect(await outcomeOf(waits), `no answer after ${waitMs - 1} ms`).toEqual({ status: 'pending' })
      await vi.advanceTimersByTimeAsync(1)
      expect(await outcomeOf(waits), `no answer after ${waitMs} ms`).toEqual(answered(own))
    }
  })

  test('leaves Redis alone for a while, and then has one ask', async () => {
    for (const [restMs, options] of [
      [1_000, {}],
      [300, { restMs: 300 }],
    ] as const) {
      const { limit, redis, take, become } = await away(options)
      become(silent)
      await vi.advanceTimersByTimeAsync(restMs - 1)
      // Whatever somebody does to the wall clock.
      vi.setSystemTime(Date.now() + 3_600_000)
      for (let i = 0; i < 20; i++)
        expect(await outcomeOf(limit.take('a')), 'whoever comes meanwhile does not wait').toEqual(answered(own))
      expect(redis, `calls, within ${restMs} ms of the one that failed`).toHaveBeenCalledTimes(1)
      await vi.advanceTimersByTimeAsync(1)
      const probe = limit.take('a')
      for (let i = 0; i < 20; i++)
        expect(await outcomeOf(limit.take('a')), 'nor do those who come while one finds out').toEqual(answered(own))
      expect(redis, `calls, after ${restMs} ms: one more`).toHaveBeenCalledTimes(2)
      await vi.advanceTimersByTimeAsync(50)
      expect(await outcomeOf(probe)).toEqual(answered(own))
      await vi.advanceTimersByTimeAsync(restMs - 1)
      await limit.take('a')
      expect(redis, 'calls, when that one has failed, too').toHaveBeenCalledTimes(2)
      expect(take).toHaveBeenCalledTimes(43)
    }
  })

  test('is back when Redis is, and tells of both', async () => {
    const { limit, redis, take, changes, become } = await away()
    expect(changes, 'what onChange was told').toEqual([{ isAway: true, cause: new Error('ECONNREFUSED') }])
    await vi.advanceTimersByTimeAsync(1_000)
    await limit.take('a')
    expect(changes.length, 'changes: away it was already').toBe(1)
    await vi.advanceTimersByTimeAsync(1_000)
    // A no is an answer, too.
    become(says('2000', '20'))
    for (let i = 0; i < 5; i++) await limit.take('a')
    expect(take, 'the limit of this process: twice, while it was away').toHaveBeenCalledTimes(2)
    expect(redis, 'calls, with five since it is back').toHaveBeenCalledTimes(7)
    expect(changes.slice(1), 'what onChange was told then').toEqual([{ isAway: false }])
    become(() => Promise.reject(new Error('again')))
    await limit.take('a')
    expect(changes.at(-1), 'and when it went again').toEqual({ isAway: true, cause: new Error('again') })

    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const { limit: told } = setUp(() => Promise.reject(new Error('ECONNREFUSED')), {
      onChange: () => {
        throw new Error('the log is full')
      },
    })
    expect(await outcomeOf(told.take('a')), 'onChange throws: that is nobody’s failed request').toEqual(answered(own))
    expect(warnings, 'nor is it to be silent').toHaveBeenCalledOnce()
    warnings.mockRestore()
  })

  test('takes an answer to an older question for no news', async () => {
    const { limit, redis, changes, become } = setUp(silent)
    const first = limit.take('a')
    await vi.advanceTimersByTimeAsync(10)
    become(() => new Promise((resolve) => setTimeout(resolve, 45, ['20', '0'])))
    const second = limit.take('a')
    await vi.advanceTimersByTimeAsync(45)
    expect(await outcomeOf(first), 'who has waited for 50 ms').toEqual(answered(own))
    expect(await outcomeOf(second), 'who has an answer after 45, though the one before has none').toMatchObject({
      value: { remaining: 99 },
    })
    expect(changes, 'what onChange was told').toMatchObject([{ isAway: true }])
    await limit.take('a')
    expect(redis, 'calls: for a second nobody asks').toHaveBeenCalledTimes(2)

    const slow = setUp(() => new Promise((resolve) => setTimeout(resolve, 60, ['20', '0'])))
    const late = slow.limit.take('a')
    await vi.advanceTimersByTimeAsync(100)
    expect(await outcomeOf(late), 'of a Redis that needs 60 ms for each answer').toEqual(answered(own))
    expect(
      await outcomeOf(slow.limit.take('a')),
      'who comes when the late answer has come: if that were news, everybody would wait for 50 ms',
    ).toEqual(answered(own))
    expect(slow.redis, 'calls to the slow one').toHaveBeenCalledTimes(1)
  })

  test('leaves no timer and no rejection behind', async () => {
    const { limit, become } = setUp(says('20', '0'))
    await limit.take('a')
    expect(vi.getTimerCount(), 'timers, when Redis has answered').toBe(0)
    const unhandled = vi.fn<(reason: unknown) => void>()
    process.on('unhandledRejection', unhandled)
    become(() => new Promise((_, reject) => setTimeout(reject, 500, new Error('too late'))))
    const late = limit.take('a')
    late.catch(() => {})
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await outcomeOf(late), 'of a Redis that fails after half a second').toEqual(answered(own))
    await outcomeOf(Promise.resolve())
    process.off('unhandledRejection', unhandled)
    expect(unhandled.mock.calls, 'rejections that nobody has heard: Redis fails when nobody waits any more').toEqual([])
    expect(vi.getTimerCount(), 'timers').toBe(0)
    for (const cost of [0, 101, NaN])
      expect(await outcomeOf(limit.take('a', cost)), `a cost of ${cost}`).toMatchObject({
        status: 'rejected',
        reason: { name: 'RangeError' },
      })
  })
})
