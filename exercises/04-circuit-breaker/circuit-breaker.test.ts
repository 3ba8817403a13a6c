import {
  CircuitBreaker,
  type BreakerChange,
  type BreakerOptions,
} from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { CircuitOpenError, TimeoutError } from '../../shared/core/errors.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { seededRandom } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

/** Opens at three failures in a row, and for exactly 5 s: what most of the tests need. */
const BRISK: BreakerOptions = { consecutiveFailures: 3, breakMs: 5_000, jitter: 0 }

const works = async () => 'a quote'
const fails = async () => Promise.reject(new Error('503'))

/** Calls one after the other. */
async function callTimes(times: number, breaker: CircuitBreaker, operation: Operation<unknown>): Promise<void> {
  for (let i = 0; i < times; i++) await outcomeOf(breaker.execute(operation))
}

/** A call under way, with its end in the test's hand. */
function begin(breaker: CircuitBreaker, signal?: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  // A call that is refused never sees it.
  promise.catch(() => {})
  const operation = vi.fn((_signal: AbortSignal) => promise)
  const result = outcomeOf(breaker.execute(operation, signal))
  return {
    operation,
    result,
    succeed: async () => {
      resolve('a quote')
      await result
    },
    fail: async (error: unknown = new Error('503')) => {
      reject(error)
      await result
    },
  }
}

/** A breaker that is open, or whose break has just ended. */
async function opened(options: BreakerOptions = {}): Promise<CircuitBreaker> {
  const breaker = new CircuitBreaker({ ...BRISK, ...options })
  await callTimes(3, breaker, fails)
  expect(breaker.state.status, 'step 1 first: after three failures in a row it must be open').toBe('open')
  return breaker
}
async function rested(options: BreakerOptions = {}): Promise<CircuitBreaker> {
  const breaker = await opened(options)
  vi.advanceTimersByTime(5_000)
  return breaker
}

const refused = { status: 'rejected', reason: expect.any(CircuitOpenError) }

describe('Step 1: Fail fast', () => {
  test('opens after so many failures in a row, and then does not call at all', async () => {
    const breaker = new CircuitBreaker(BRISK)
    await callTimes(2, breaker, fails)
    expect(breaker.state.status, 'two failures, of three').toBe('closed')
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'three failures in a row').toBe('open')

    const operation = vi.fn(works)
    expect(await outcomeOf(breaker.execute(operation)), 'an open breaker rejects, and at once').toEqual(refused)
    expect(operation, 'the upstream is to be left in peace').not.toHaveBeenCalled()
  })

  test('says why it is open, and when to ask again', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, name: 'pigeon' })
    await callTimes(2, breaker, fails)
    const lastStraw = new Error('ECONNREFUSED')
    await callTimes(1, breaker, async () => Promise.reject(lastStraw))
    vi.advanceTimersByTime(1_000)

    const { reason } = (await outcomeOf(breaker.execute(works))) as { reason: CircuitOpenError }
    expect(reason).toBeInstanceOf(CircuitOpenError)
    expect(reason.retryAfterMs, 'retryAfterMs: what is left of 5 s, one second later').toBeCloseTo(4_000)
    expect(reason.cause, 'cause: the failure that opened it, for whoever reads the log').toBe(lastStraw)
    expect(reason.message, 'which of the twelve breakers is it?').toContain('pigeon')
    expect(breaker.state).toEqual({ status: 'open', retryAfterMs: expect.closeTo(4_000), cause: lastStraw })
    vi.advanceTimersByTime(60_000)
    expect(breaker.state, 'nobody has asked since, so it is open still; but nobody needs to wait').toMatchObject({
      status: 'open',
      retryAfterMs: 0,
    })
  })

  test('counts failures in a row, not failures', async () => {
    const breaker = new CircuitBreaker(BRISK)
    for (let i = 0; i < 3; i++) {
      await callTimes(2, breaker, fails)
      await callTimes(1, breaker, works)
    }
    expect(breaker.state.status, 'six failures, but a success after every second one').toBe('closed')
    await callTimes(3, breaker, fails)
    expect(breaker.state.status, 'three in a row').toBe('open')
  })

  test('hands everything on as it is, until it is open', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const { signal } = new AbortController()
    const signals: AbortSignal[] = []
    const operation = async (signal: AbortSignal) => {
      signals.push(signal)
      signal?.addEventListener('abort', () => {})
      return 'a quote'
    }
    expect(await outcomeOf(breaker.execute(operation, signal))).toEqual({ status: 'fulfilled', value: 'a quote' })
    expect(signals[0], 'without its signal, the operation cannot be stopped').toBe(signal)
    await callTimes(100, breaker, operation)
    expect(signals[1], 'an operation may count on a signal, also when its caller has none').toBeInstanceOf(AbortSignal)
    const listeners = getEventListeners(signals[1]!, 'abort').length
    expect(listeners, 'a signal of your own that all calls share remembers all who listen to it').toBeLessThan(2)
    const errors = [new Error('first'), new Error('second'), new Error('third')]
    for (const error of errors) {
      const outcome = await outcomeOf(breaker.execute(async () => Promise.reject(error)))
      expect(outcome, 'the call that failed has its own error, also the one that opens the breaker').toEqual({
        status: 'rejected',
        reason: error,
      })
    }
    expect(await outcomeOf(breaker.execute(works)), 'only the calls after that are told of the breaker').toEqual(
      refused,
    )
  })
})

describe('Step 2: Judge by what is recent', () => {
  test('opens when the share of failures is reached, and not only when it is passed', async () => {
    const half = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10 })
    await callTimes(6, half, works)
    await callTimes(5, half, fails)
    expect(half.state.status, '5 of 11 is less than a half').toBe('closed')
    await callTimes(1, half, fails)
    expect(half.state.status, '6 of 12 is a half, and a half was the limit').toBe('open')

    const seven = new CircuitBreaker({ failureRate: 0.07, minimumCalls: 100 })
    await callTimes(93, seven, works)
    await callTimes(6, seven, fails)
    expect(seven.state.status, '6 of 99').toBe('closed')
    await callTimes(1, seven, fails)
    expect(seven.state.status, '7 of 100 is 0.07. But 0.07 * 100 is 7.000000000000001').toBe('open')
  })

  test('does not judge by a handful of calls', async () => {
    const breaker = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10 })
    await callTimes(9, breaker, fails)
    expect(breaker.state.status, 'nine of nine have failed: bad, but nine').toBe('closed')
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'the failing call itself counts towards the minimum').toBe('open')
  })

  test('lets only a failure open it', async () => {
    const breaker = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10 })
    await callTimes(9, breaker, fails)
    await callTimes(1, breaker, works)
    expect(breaker.state.status, 'nine of ten have failed; but this one is an answer').toBe('closed')
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'ten of eleven, and this one has failed').toBe('open')
  })

  test('does not hold yesterday against the upstream', async () => {
    const breaker = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10, windowMs: 10_000 })
    await callTimes(9, breaker, fails)
    vi.advanceTimersByTime(24 * 3_600_000)
    await callTimes(9, breaker, fails)
    expect(breaker.state.status, 'nine failures now, and nine that are out of the window').toBe('closed')
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'ten failures within the window').toBe('open')
  })
})

describe('Step 3: Half-open: let a few try', () => {
  test('stays open until the break is over, and no longer', async () => {
    const breaker = await opened()
    vi.advanceTimersByTime(4_999)
    expect(await outcomeOf(breaker.execute(works)), '4,999 ms of a break of 5,000').toEqual(refused)
    vi.advanceTimersByTime(1)
    expect(await outcomeOf(breaker.execute(works)), 'the break is over: the next caller is let through').toEqual({
      status: 'fulfilled',
      value: 'a quote',
    })
    expect(breaker.state.status, 'the probe has succeeded').toBe('closed')
  })

  test('lets exactly so many probes through, when a thousand ask', async () => {
    const breaker = await rested({ probes: 3, probeLeaseMs: 30_000 })
    const calls = Array.from({ length: 1_000 }, () => begin(breaker))
    const through = calls.filter(({ operation }) => operation.mock.calls.length > 0)
    expect(through.length, 'an upstream that gets up is easily knocked down again').toBe(3)
    expect(breaker.state.status).toBe('half-open')

    const rejected = calls.filter((call) => !through.includes(call))
    for (const { result } of rejected) {
      const outcome = await result
      expect(outcome, 'those who are not let through must not wait either').toEqual(refused)
      const { retryAfterMs, cause } = (outcome as { reason: CircuitOpenError }).reason
      expect(retryAfterMs, 'a slot comes free when the lease of a probe ends, or before').toBeCloseTo(30_000)
      expect(cause, 'cause: what opened it, also for those who are refused when it is half-open').toEqual(
        new Error('503'),
      )
    }
    for (const probe of through) await probe.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('closes when every probe has succeeded, and not before', async () => {
    const breaker = await rested({ probes: 3 })
    await callTimes(2, breaker, works)
    expect(breaker.state.status, 'two of three').toBe('half-open')
    const third = begin(breaker)
    expect(await begin(breaker).result, 'two have succeeded and one is under way: that makes three').toEqual(refused)
    await third.succeed()
    expect(breaker.state.status, 'three of three').toBe('closed')
  })

  test('opens again at the first probe that fails, for a whole break', async () => {
    const breaker = await rested({ probes: 3 })
    await callTimes(2, breaker, works)
    expect(breaker.state.status, 'two probes have succeeded, of three').toBe('half-open')
    vi.advanceTimersByTime(2_000)
    const relapse = new Error('ECONNRESET')
    await callTimes(1, breaker, async () => Promise.reject(relapse))
    expect(breaker.state.status, 'and the third has failed').toBe('open')
    vi.advanceTimersByTime(4_999)
    const whenOpen = await outcomeOf(breaker.execute(works))
    expect(whenOpen, 'the new break counts from the probe').toEqual(refused)
    vi.advanceTimersByTime(60_000)
    for (let i = 0; i < 3; i++) begin(breaker)
    const whenHalfOpen = await begin(breaker).result
    expect(whenHalfOpen, 'three probes are under way').toEqual(refused)
    for (const outcome of [whenOpen, whenHalfOpen])
      expect(
        (outcome as { reason: CircuitOpenError }).reason.cause,
        'cause: the failure of the probe, which is the latest news, and not that of the first opening',
      ).toBe(relapse)
  })

  test('begins anew when it closes', async () => {
    const breaker = await opened({ consecutiveFailures: 3, minimumCalls: 4, breakMs: 1_000, windowMs: 60_000 })
    vi.advanceTimersByTime(1_000)
    await callTimes(1, breaker, works)
    await callTimes(2, breaker, fails)
    expect(breaker.state.status, 'three failures before the break and two after it are not five').toBe('closed')
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'three since it closed').toBe('open')
  })

  test('needs no timer for any of this', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const seen: [string, number][] = []
    const look = () => seen.push([breaker.state.status, vi.getTimerCount()])
    look()
    await callTimes(3, breaker, fails)
    look()
    vi.advanceTimersByTime(5_000)
    const probe = begin(breaker)
    look()
    await probe.succeed()
    look()
    expect(seen, 'state and timers: who needs to know that the break is over, before somebody calls?').toEqual([
      ['closed', 0],
      ['open', 0],
      ['half-open', 0],
      ['closed', 0],
    ])
  })

  test('measures the break on a clock that nobody can set', async () => {
    const breaker = await opened()
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(await outcomeOf(breaker.execute(works)), 'the wall clock went forward; the break is as long').toEqual(
      refused,
    )
    vi.setSystemTime(Date.now() - 7_200_000)
    vi.advanceTimersByTime(5_000)
    const outcome = await outcomeOf(breaker.execute(works))
    expect(outcome, 'the wall clock went back; but the break is over').toEqual({
      status: 'fulfilled',
      value: 'a quote',
    })
  })
})

describe('Step 4: Results from another age', () => {
  test('opens once when many calls fail together, and says so once', async () => {
    const onChange = vi.fn<(change: BreakerChange) => void>()
    const breaker = new CircuitBreaker({ ...BRISK, onChange })
    const calls = Array.from({ length: 100 }, () => begin(breaker))
    await Promise.all(calls.map(({ fail }) => fail()))
    const changes = onChange.mock.calls.map(([{ from, to }]) => `${from} to ${to.status}`)
    expect(changes, 'nobody was told: onChange, once for each change').toEqual(['closed to open'])
    expect(breaker.discarded, 'three have opened it, and the others were late').toBe(97)
  })

  test('lets the calls that are under way end as they will', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const { signal } = new AbortController()
    const [withSignal, without] = [begin(breaker, signal), begin(breaker)]
    await callTimes(3, breaker, fails)
    expect(breaker.state.status, 'step 1 first: after three failures in a row it must be open').toBe('open')
    const aborted = [withSignal, without].map(({ operation }) => operation.mock.calls[0]?.[0].aborted)
    expect(aborted, 'it opens for those who come; those who are inside have done nothing wrong').toEqual([false, false])
    for (const call of [withSignal, without]) await call.succeed()
    expect(await withSignal.result, 'an answer is an answer').toEqual({ status: 'fulfilled', value: 'a quote' })
    expect(await without.result).toEqual({ status: 'fulfilled', value: 'a quote' })
  })

  test('does not stay open longer for failures that come late', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const late = [begin(breaker), begin(breaker)]
    await callTimes(3, breaker, fails)
    vi.advanceTimersByTime(3_000)
    for (const { fail } of late) await fail()
    expect(breaker.state, 'these calls began before the break: they tell nothing new').toMatchObject({
      status: 'open',
      retryAfterMs: expect.closeTo(2_000),
    })
    expect(breaker.discarded, 'discarded: the results that came too late').toBe(2)
  })

  test('does not close for a success of a call that began before the break', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const [whileOpen, whileHalfOpen] = [begin(breaker), begin(breaker)]
    await callTimes(3, breaker, fails)
    await whileOpen.succeed()
    expect(breaker.state.status, 'an old success does not end the break').toBe('open')
    vi.advanceTimersByTime(5_000)
    const probe = begin(breaker)
    await whileHalfOpen.succeed()
    expect(breaker.state.status, 'an old success is no probe').toBe('half-open')
    expect(breaker.discarded).toBe(2)
    expect(await begin(breaker).result, 'and it has no slot to give back').toEqual(refused)
    await probe.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('does not open again for a failure of a call that began before the break', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const old = begin(breaker)
    await callTimes(3, breaker, fails)
    vi.advanceTimersByTime(5_000)
    const probe = begin(breaker)
    await old.fail()
    expect(breaker.state.status, 'the call timed out at last; what matters is the probe').toBe('half-open')
    expect(breaker.discarded).toBe(1)
    await probe.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('does not take one break for another', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, probes: 2 })
    const old = Array.from({ length: 3 }, () => begin(breaker))
    await callTimes(3, breaker, fails)
    vi.advanceTimersByTime(5_000)
    const oldProbe = begin(breaker)
    await callTimes(1, breaker, fails)
    vi.advanceTimersByTime(60_000)
    const probe = begin(breaker)
    await oldProbe.succeed()
    expect(breaker.state.status, 'a probe of the break before does not count as one of this').toBe('half-open')
    await probe.succeed()
    await callTimes(1, breaker, works)
    expect(breaker.state.status, 'two probes of this break').toBe('closed')
    for (const { fail } of old) await fail()
    expect(breaker.state.status, 'closed now and closed then are not the same').toBe('closed')
    expect(breaker.discarded).toBe(4)
  })
})

describe('Step 5: Calls that do not count', () => {
  test('does not count a call that its caller has cancelled', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const cancelled = async (breaker: CircuitBreaker, error?: unknown) => {
      const caller = new AbortController()
      const call = begin(breaker, caller.signal)
      caller.abort()
      await call.fail(error ?? caller.signal.reason)
    }
    for (let i = 0; i < 20; i++) await cancelled(breaker)
    expect(breaker.state.status, 'twenty users closed their tabs; that is not the upstream').toBe('closed')
    await callTimes(2, breaker, fails)
    await cancelled(breaker)
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'and it is no success either: three failures in a row').toBe('open')

    const caller = new AbortController()
    const again = new CircuitBreaker(BRISK)
    const late = begin(again, caller.signal)
    await callTimes(3, again, fails)
    caller.abort()
    await late.fail(caller.signal.reason)
    expect(again.discarded, 'it ended after its state did: late, as any other result').toBe(1)

    const share = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10 })
    for (let i = 0; i < 20; i++) await cancelled(share, new Error('socket hang up'))
    await callTimes(9, share, fails)
    expect(share.state.status, 'nine calls that count: whatever the cancelled ones threw, they are none').toBe('closed')
    await callTimes(1, share, fails)
    expect(share.state.status, 'ten of ten: the window has no cancelled calls in it').toBe('open')
  })

  test('takes back the slot of a probe that was cancelled', async () => {
    const breaker = await rested()
    const caller = new AbortController()
    const cancelled = begin(breaker, caller.signal)
    expect(await begin(breaker).result, 'the only slot is taken').toEqual(refused)
    caller.abort()
    await cancelled.fail(caller.signal.reason)
    expect(breaker.state.status, 'a cancelled probe has found out nothing').toBe('half-open')
    const probe = begin(breaker)
    expect(probe.operation, 'the slot is free again: or else it is half-open for ever').toHaveBeenCalledOnce()
    await probe.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('does not close for a probe that hid its cancellation', async () => {
    const breaker = await rested()
    const caller = new AbortController()
    const cancelled = begin(breaker, caller.signal)
    caller.abort()
    await cancelled.succeed()
    expect(breaker.state.status, 'it resolved, because it was told to stop: that proves nothing').toBe('half-open')
  })

  test('does not count errors that say nothing about the upstream', async () => {
    const notFound = new Error('404')
    const options: BreakerOptions = { isFailure: (error) => error !== notFound }
    const breaker = new CircuitBreaker({ ...BRISK, ...options })
    const finds = async () => Promise.reject(notFound)
    await callTimes(20, breaker, finds)
    expect(breaker.state.status, 'a parcel that does not exist is not an outage').toBe('closed')
    await callTimes(2, breaker, fails)
    await callTimes(1, breaker, finds)
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'nor is it a success between two failures').toBe('open')

    vi.advanceTimersByTime(5_000)
    expect(await outcomeOf(breaker.execute(finds)), 'its caller is told').toEqual({
      status: 'rejected',
      reason: notFound,
    })
    expect(breaker.state.status, 'as a probe it neither closes nor opens').toBe('half-open')
    await callTimes(1, breaker, works)
    expect(breaker.state.status, 'and gives its slot back').toBe('closed')

    const share = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10, ...options })
    await callTimes(20, share, finds)
    await callTimes(9, share, fails)
    expect(share.state.status, 'nine calls that count').toBe('closed')
    await callTimes(1, share, fails)
    expect(share.state.status, 'ten of ten: the window has no 404 in it').toBe('open')
  })

  test('does not begin for a caller who has already gone', async () => {
    const breaker = await rested()
    const gone = AbortSignal.abort(new Error('too late'))
    const call = begin(breaker, gone)
    expect(call.operation).not.toHaveBeenCalled()
    expect(await call.result).toEqual({ status: 'rejected', reason: gone.reason })
    expect(breaker.state.status, 'it was not a probe').toBe('open')
  })

  test('copes with operations that throw at once, or reject with nothing', async () => {
    for (const nothing of [undefined, null, 0, '', false]) {
      const breaker = new CircuitBreaker(BRISK)
      for (let i = 0; i < 2; i++) {
        const outcome = await outcomeOf(breaker.execute(async () => Promise.reject(nothing)))
        expect(outcome, 'what was thrown, as it was').toEqual({ status: 'rejected', reason: nothing })
      }
      const atOnce = () => {
        throw nothing
      }
      let promise: Promise<unknown> = Promise.resolve()
      expect(() => (promise = breaker.execute(atOnce)), 'it threw, where its caller expects a promise').not.toThrow()
      expect(await outcomeOf(promise)).toEqual({ status: 'rejected', reason: nothing })
      expect(breaker.state.status, `three failures, each of them ${String(nothing)}: a failure needs no error`).toBe(
        'open',
      )
    }
  })
})

describe('Step 6: Who goes inside whom?', () => {
  /** The smallest retry that there is, without a word to say about breakers. */
  async function threeTimes<T>(attempt: () => Promise<T>, isWorthIt = (_error: unknown) => true): Promise<T> {
    for (let left = 2; ; left--) {
      try {
        return await attempt()
      } catch (error) {
        if (left === 0 || !isWorthIt(error)) throw error
        await sleep(100)
      }
    }
  }
  const result = async (promise: Promise<unknown>, ms = 10_000) => {
    const outcome = outcomeOf(promise)
    await vi.advanceTimersByTimeAsync(ms)
    return outcome
  }

  test('sees every attempt with the retry outside, and every third with the retry inside', async () => {
    const outside = vi.fn(fails)
    const right = new CircuitBreaker(BRISK)
    for (let i = 0; i < 5; i++)
      await result(
        threeTimes(() => right.execute(outside)),
        1_000,
      )
    const inside = vi.fn(fails)
    const wrong = new CircuitBreaker(BRISK)
    for (let i = 0; i < 5; i++)
      await result(
        wrong.execute(() => threeTimes(inside)),
        1_000,
      )
    expect(
      { outside: outside.mock.calls.length, inside: inside.mock.calls.length },
      'calls that a dead upstream got before a breaker for three failures opened',
    ).toEqual({ outside: 3, inside: 9 })
  })

  test('learns of a timeout inside, and never of one outside', async () => {
    const hangs = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    /** The smallest timeout that there is. */
    const limited = (operation: (signal: AbortSignal) => Promise<unknown>) => {
      const controller = new AbortController()
      sleep(1_000).then(() => controller.abort(new TimeoutError('1 s is over')))
      return operation(controller.signal)
    }
    const right = new CircuitBreaker(BRISK)
    for (let i = 0; i < 3; i++)
      await result(
        right.execute(() => limited(hangs)),
        1_000,
      )
    const wrong = new CircuitBreaker(BRISK)
    for (let i = 0; i < 30; i++)
      await result(
        limited((signal) => wrong.execute(hangs, signal)),
        1_000,
      )
    expect(
      { inside: right.state.status, outside: wrong.state.status },
      'a timeout outside is a caller who has given up, and tells nothing: not after three, nor after thirty',
    ).toEqual({ inside: 'open', outside: 'closed' })
  })

  test('gives a retry what it needs to stop', async () => {
    const waited = async (isWorthIt?: (error: unknown) => boolean) => {
      const breaker = await opened({ breakMs: 60_000, maxBreakMs: 60_000 })
      const startedAt = performance.now()
      const finished = threeTimes(() => breaker.execute(works), isWorthIt).catch(() => performance.now() - startedAt)
      return result(finished)
    }
    expect(await waited(), 'retried blindly: 200 ms of waiting, for two more refusals').toMatchObject({ value: 200 })
    const patienceMs = 10_000
    const worthIt = (error: unknown) => !(error instanceof CircuitOpenError) || error.retryAfterMs < patienceMs
    expect(await waited(worthIt), 'retryAfterMs is a minute: who has ten seconds can go at once').toMatchObject({
      value: 0,
    })
  })
})

describe('Step 7: A probe that never comes back', () => {
  test('gives its slot to the next caller, when the lease is over', async () => {
    const breaker = await rested({ probes: 2, probeLeaseMs: 2_000 })
    begin(breaker)
    vi.advanceTimersByTime(500)
    begin(breaker)
    vi.advanceTimersByTime(1_499)
    const { reason } = (await begin(breaker).result) as { reason: CircuitOpenError }
    expect(reason, 'both leases run').toBeInstanceOf(CircuitOpenError)
    expect(reason.retryAfterMs, 'until the first of the two is over').toBeCloseTo(1)
    vi.advanceTimersByTime(1)
    const third = begin(breaker)
    expect(third.operation, 'one probe hangs for ever: half-open must not').toHaveBeenCalledOnce()
    expect(await begin(breaker).result, 'the second lease has 500 ms to run').toEqual(refused)
    vi.advanceTimersByTime(500)
    const fourth = begin(breaker)
    await third.succeed()
    await fourth.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('hears no more of a probe that has lost its slot', async () => {
    for (const end of ['succeed', 'fail'] as const) {
      const breaker = await rested({ probeLeaseMs: 2_000 })
      const first = begin(breaker)
      vi.advanceTimersByTime(2_000)
      const second = begin(breaker)
      await first[end]()
      expect(breaker.state.status, 'the first probe is late; the second one decides').toBe('half-open')
      expect(breaker.discarded).toBe(1)
      expect(await begin(breaker).result, 'and its slot is not given back twice').toEqual(refused)
      await second.succeed()
      expect(breaker.state.status).toBe('closed')
    }
  })
})

describe('Step 8: Slow is the new down', () => {
  const takes = (ms: number) => async () => {
    vi.advanceTimersByTime(ms)
    return 'a quote, at last'
  }

  test('counts an answer that took too long as a failure, and hands it over all the same', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, slowCallMs: 800 })
    await callTimes(5, breaker, takes(799))
    expect(breaker.state.status).toBe('closed')
    for (let i = 0; i < 3; i++) {
      const outcome = await outcomeOf(breaker.execute(takes(800)))
      expect(outcome, 'the answer is here: its caller may as well have it').toMatchObject({ value: 'a quote, at last' })
    }
    expect(breaker.state.status, 'three calls took 800 ms, and 800 is slow').toBe('open')
  })

  test('does not close for a probe that is slow', async () => {
    const breaker = await rested({ slowCallMs: 800 })
    const probe = vi.fn(takes(800))
    await callTimes(1, breaker, probe)
    expect(probe, 'the break is over').toHaveBeenCalledOnce()
    expect(breaker.state.status, 'but the upstream is still down').toBe('open')
    const { cause } = breaker.state as { cause?: unknown }
    expect(cause, 'nothing was thrown: the cause of the break before is not that of this one').toBeUndefined()
    expect(breaker.discarded, 'by its result, which was not late').toBe(0)
  })
})

describe('Step 9: Longer breaks, and not in step', () => {
  /** The lengths of so many breaks in a row. */
  async function breaks(times: number, breaker: CircuitBreaker): Promise<number[]> {
    const lengths: number[] = []
    await callTimes(3, breaker, fails)
    expect(breaker.state.status, 'step 1 first: after three failures in a row it must be open').toBe('open')
    while (lengths.length < times) {
      const { state } = breaker
      const lengthMs = state.status === 'open' ? state.retryAfterMs : NaN
      lengths.push(Math.round(lengthMs))
      vi.advanceTimersByTime(Math.ceil(lengthMs || 0))
      await callTimes(1, breaker, fails)
    }
    return lengths
  }

  test('doubles the break each time a probe fails, up to the longest', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, maxBreakMs: 30_000 })
    expect(await breaks(6, breaker), 'breakMs 5,000, maxBreakMs 30,000').toEqual([
      5_000, 10_000, 20_000, 30_000, 30_000, 30_000,
    ])
  })

  test('begins with the short break again, once it has closed', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, maxBreakMs: 30_000 })
    expect(await breaks(3, breaker)).toEqual([5_000, 10_000, 20_000])
    vi.advanceTimersByTime(30_000)
    await callTimes(1, breaker, works)
    expect(breaker.state.status, 'the upstream has recovered').toBe('closed')
    expect(await breaks(2, breaker), "last month's outage has nothing to do with this one").toEqual([5_000, 10_000])
  })

  test('takes a random share off each break, of the longest too', async () => {
    const options = { ...BRISK, maxBreakMs: 10_000, jitter: 0.2 }
    const half = new CircuitBreaker({ ...options, random: () => 0.5 })
    expect(await breaks(3, half), 'half of a jitter of 0.2 is a tenth').toEqual([4_500, 9_000, 9_000])
    const none = new CircuitBreaker({ ...options, random: () => 0 })
    expect(await breaks(3, none)).toEqual([5_000, 10_000, 10_000])

    const random = seededRandom(4)
    const thirds = new Set<number | undefined>()
    for (let i = 0; i < 20; i++) thirds.add((await breaks(3, new CircuitBreaker({ ...options, random })))[2])
    expect(
      thirds.size,
      'different lengths among twenty of the longest break: chance comes after the cap, or they all probe together',
    ).toBeGreaterThan(15)
  })
})

describe('Step 10: Listeners and options that misbehave', () => {
  test('tells of each change, in order', async () => {
    const changes: BreakerChange[] = []
    const breaker = await opened({ name: 'pigeon', onChange: (change) => changes.push(change) })
    vi.advanceTimersByTime(5_000)
    await callTimes(1, breaker, fails)
    vi.advanceTimersByTime(10_000)
    await callTimes(1, breaker, works)
    const [closed, halfOpen] = [{ status: 'closed' }, { status: 'half-open' }]
    const open = (retryAfterMs: number) => ({
      status: 'open',
      retryAfterMs: expect.closeTo(retryAfterMs),
      cause: new Error('503'),
    })
    const name = 'pigeon'
    expect(changes).toEqual([
      { name, from: 'closed', to: open(5_000) },
      { name, from: 'open', to: halfOpen },
      { name, from: 'half-open', to: open(10_000) },
      { name, from: 'open', to: halfOpen },
      { name, from: 'half-open', to: closed },
    ])
  })

  test('is not upset by a listener that fails, at once or later', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      const throws = () => {
        throw new Error('the log is full')
      }
      for (const onChange of [throws, async () => throws()]) {
        emitWarning.mockClear()
        const breaker = new CircuitBreaker({ ...BRISK, onChange })
        await callTimes(2, breaker, fails)
        const last = await outcomeOf(breaker.execute(fails))
        expect(last, "the caller's error is the upstream's, not the listener's").toMatchObject({
          reason: new Error('503'),
        })
        vi.advanceTimersByTime(5_000)
        const probe = await outcomeOf(breaker.execute(works))
        expect(probe, 'the call was a success, whatever the listener makes of it').toMatchObject({ value: 'a quote' })
        expect(breaker.state.status).toBe('closed')
        await outcomeOf(new Promise(() => {}), 3)
        expect(
          emitWarning,
          'open, half-open, closed: somebody should hear that the listener fails',
        ).toHaveBeenCalledTimes(3)
        expect(String(emitWarning.mock.lastCall?.[0]), 'and how').toContain('the log is full')
      }
      expect(unhandled, 'an async listener rejects: unhandled, it would end the process').not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
      emitWarning.mockRestore()
    }
  })

  test('keeps count while a listener calls it', async () => {
    const nested = vi.fn(works)
    const results: ReturnType<typeof outcomeOf>[] = []
    const breaker: CircuitBreaker = new CircuitBreaker({
      ...BRISK,
      probes: 2,
      onChange: () => {
        for (let i = 0; i < 5; i++) results.push(outcomeOf(breaker.execute(nested)))
      },
    })
    await callTimes(3, breaker, fails)
    const whenOpen = new Set((await Promise.all(results)).map(({ status }) => status))
    expect(whenOpen, 'the listener hears that it is open, and it is').toEqual(new Set(['rejected']))
    vi.advanceTimersByTime(5_000)
    const outer = begin(breaker)
    await Promise.all(results)
    const probes = outer.operation.mock.calls.length + nested.mock.calls.length
    expect(probes, 'two probes, of the one call and five of the listener: first the slot, then the news').toBe(2)
    await outer.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('lets a listener end the very state that it is told of', async () => {
    const changes: string[] = []
    const atOnce = () => {
      throw new Error('503')
    }
    const breaker: CircuitBreaker = new CircuitBreaker({
      ...BRISK,
      probes: 2,
      onChange: ({ to: { status } }) => {
        changes.push(status)
        if (status === 'half-open') breaker.execute(atOnce).catch(() => {})
      },
    })
    await callTimes(3, breaker, fails)
    vi.advanceTimersByTime(5_000)
    await callTimes(1, breaker, works)
    expect(changes, "the listener's own call was a probe, and failed").toEqual(['open', 'half-open', 'open'])
    expect(breaker.state.status, 'so the success of the call that woke it came too late').toBe('open')
    expect(breaker.discarded).toBe(1)
  })

  test('takes a failure for a failure when isFailure itself fails', async () => {
    const isFailure = vi.fn((error: any) => error.response.status >= 500)
    const breaker = new CircuitBreaker({ ...BRISK, isFailure })
    for (let i = 0; i < 3; i++) {
      const outcome = await outcomeOf(breaker.execute(fails))
      expect(outcome.status, 'there is no such thing as error.response').toBe('rejected')
    }
    expect(breaker.state.status, 'one typo, and it never opens').toBe('open')
    vi.advanceTimersByTime(5_000)
    await callTimes(1, breaker, fails)
    expect(isFailure, 'three failures, and that of a probe').toHaveBeenCalledTimes(4)
    expect(breaker.state.status, 'or it is half-open for ever').toBe('open')
  })

  test('refuses options that are out of bounds, by name', () => {
    const never = Infinity
    const nonsense: Record<string, unknown[]> = {
      consecutiveFailures: [0, -1, 1.5, NaN, '5'],
      failureRate: [0, -0.1, 1.01, 50, NaN, '0.5'],
      minimumCalls: [0, 2.5, NaN],
      windowMs: [0, -1, NaN, never],
      buckets: [0, 1.5, NaN, never],
      slowCallMs: [0, -1, NaN],
      probes: [0, 1.5, NaN, never],
      probeLeaseMs: [0, -1, NaN, never],
      breakMs: [0, -1, NaN, never, '5000'],
      maxBreakMs: [4_999, NaN, never],
      jitter: [-0.1, 1.1, NaN],
    }
    for (const [option, values] of Object.entries(nonsense))
      for (const value of values) {
        const create = () => new CircuitBreaker({ [option]: value })
        expect(create, `${option}: ${String(value)}`).toThrow(RangeError)
        expect(create, 'an error that names the option').toThrow(option)
      }
    const sense: BreakerOptions[] = [
      { consecutiveFailures: never, failureRate: never, minimumCalls: never, slowCallMs: never },
      { failureRate: 1, jitter: 1, buckets: 1, breakMs: 60_000 },
      { jitter: 0, probes: undefined },
    ]
    for (const options of sense)
      expect(() => new CircuitBreaker(options), `within bounds: ${inspect(options)}`).not.toThrow()
  })

  test('takes the default for an option that is undefined', async () => {
    const breaker = new CircuitBreaker({
      ...BRISK,
      minimumCalls: undefined,
      failureRate: 1,
      consecutiveFailures: undefined,
    })
    await callTimes(9, breaker, fails)
    expect(breaker.state.status).toBe('closed')
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'ten calls is the default of minimumCalls').toBe('open')
  })
})
