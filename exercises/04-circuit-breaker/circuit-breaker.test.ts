import {
  CircuitBreaker,
  type BreakerChange,
  type BreakerOptions,
} from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { CircuitOpenError, ResponseError, TimeoutError } from '../../shared/core/errors.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { seededRandom } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

/** Opens at three failures in a row, and for exactly 5 s: what most of the tests need. */
const BRISK: BreakerOptions = { consecutiveFailures: 3, breakMs: 5_000, jitter: 0 }

const works = async () => 'a quote'
const fails = async () => Promise.reject(new Error('503'))

/** Calls one after the other. */
async function callTimes(times: number, breaker: CircuitBreaker, operation: Operation<unknown>): Promise<void> {
  for (let i = 0; i < times; i++) {
    breaker.execute(operation).catch(() => {})
    await promisesSettle()
  }
}

/** A call under way, with its end in the test's hand. It has begun, or was refused, whichever way it went about it. */
async function begin(breaker: CircuitBreaker, signal?: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  // A call that is refused never sees it.
  promise.catch(() => {})
  const signals: AbortSignal[] = []
  const operation = (signal: AbortSignal) => {
    signals.push(signal)
    return promise
  }
  let call: Promise<unknown> = promise
  expect(
    () => (call = breaker.execute(operation, signal)),
    'it threw, where its caller expects a promise',
  ).not.toThrow()
  const result = outcomeOf(call)
  await promisesSettle()
  return {
    /** How often the operation was called. */
    calls: signals.length,
    signal: signals[0],
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
const answered = { status: 'fulfilled', value: 'a quote' }

describe('Step 1: Fail fast', () => {
  test('opens after so many failures in a row, and then does not call at all', async () => {
    const breaker = new CircuitBreaker(BRISK)
    await callTimes(2, breaker, fails)
    expect(breaker.state.status, 'two failures, of three').toBe('closed')
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'three failures in a row').toBe('open')

    const call = await begin(breaker)
    expect(await call.result, 'an open breaker rejects, and at once').toEqual(refused)
    expect(call.calls, 'calls of an upstream that is to be left in peace').toBe(0)
  })

  test('says why it is open, and when to ask again', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, name: 'pigeon' })
    await callTimes(2, breaker, fails)
    const lastStraw = new Error('ECONNREFUSED')
    await callTimes(1, breaker, async () => Promise.reject(lastStraw))
    vi.advanceTimersByTime(1_000)

    const { reason } = (await outcomeOf(breaker.execute(works))) as { reason: CircuitOpenError }
    expect(reason, 'step 1 first: after three failures in a row a call is refused').toBeInstanceOf(CircuitOpenError)
    expect(
      reason.retryAfterMs,
      'retryAfterMs: what is left of 5 s, one second later (is it on the global performance.now()? That is the clock that the tests turn)',
    ).toBeCloseTo(4_000)
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
    const caller = new AbortController()
    const { signal } = caller
    const signals: AbortSignal[] = []
    const operation = async (signal: AbortSignal) => {
      signals.push(signal)
      return 'a quote'
    }
    expect(await outcomeOf(breaker.execute(operation, signal))).toEqual(answered)
    for (let i = 1; i < 100; i++) await breaker.execute(operation, signal)
    const left = getEventListeners(signal, 'abort').length
    expect(left, "listeners left on the caller's signal, which may live as long as the process, by 100 calls").toBe(0)
    const underWay = await begin(breaker, signal)
    caller.abort(new Error('the tab is closed'))
    expect(underWay.signal?.reason, 'what the operation hears when its caller goes: or else nobody can stop it').toBe(
      signal.reason,
    )
    await underWay.succeed()

    const listens = async (signal: AbortSignal) => {
      signals.push(signal)
      signal?.addEventListener('abort', () => {})
    }
    await callTimes(100, breaker, listens)
    const own = signals.at(-1)
    expect(own instanceof AbortSignal, 'an operation may count on a signal, also when its caller has none').toBe(true)
    const listeners = getEventListeners(own!, 'abort').length
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

describe('Step 2: Judge by the share', () => {
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
})

describe('Step 3: Half-open: let a few try', () => {
  test('stays open until the break is over, and no longer', async () => {
    const breaker = await opened()
    vi.advanceTimersByTime(4_999)
    expect(await outcomeOf(breaker.execute(works)), '4,999 ms of a break of 5,000').toEqual(refused)
    vi.advanceTimersByTime(1)
    expect(await outcomeOf(breaker.execute(works)), 'the break is over: the next caller is let through').toEqual(
      answered,
    )
    expect(breaker.state.status, 'the probe has succeeded').toBe('closed')
  })

  test('lets exactly so many probes through, when a thousand ask', async () => {
    const breaker = await rested({ probes: 3, probeLeaseMs: 30_000 })
    const { promise, resolve } = Promise.withResolvers<string>()
    let through = 0
    const refusals: CircuitOpenError[] = []
    for (let i = 0; i < 1_000; i++)
      breaker.execute(() => (through++, promise)).catch((error) => void refusals.push(error))
    await promisesSettle()
    expect(through, 'calls let through: an upstream that gets up is easily knocked down again').toBe(3)
    expect(breaker.state.status).toBe('half-open')

    expect(refusals.length, 'callers rejected: those who are not let through must not wait either').toBe(997)
    const others = refusals.filter((error) => !(error instanceof CircuitOpenError))
    expect(others, 'rejections by something else than a CircuitOpenError').toEqual([])
    for (const { retryAfterMs, cause } of [refusals[0]!, refusals.at(-1)!]) {
      expect(retryAfterMs, 'retryAfterMs: a slot comes free when the lease of a probe ends, or before').toBeCloseTo(
        30_000,
      )
      expect(cause, 'cause: what opened it, also for those who are refused when it is half-open').toEqual(
        new Error('503'),
      )
    }
    resolve('a quote')
    await promisesSettle()
    expect(breaker.state.status, 'all three probes have succeeded').toBe('closed')
  })

  test('closes when every probe has succeeded, and not before', async () => {
    const breaker = await rested({ probes: 3 })
    await callTimes(2, breaker, works)
    expect(breaker.state.status, 'two of three').toBe('half-open')
    const third = await begin(breaker)
    expect(await (await begin(breaker)).result, 'two have succeeded and one is under way: that makes three').toEqual(
      refused,
    )
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
    for (let i = 0; i < 3; i++) await begin(breaker)
    const whenHalfOpen = await (await begin(breaker)).result
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
    const probe = await begin(breaker)
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
    expect(outcome, 'the wall clock went back; but the break is over').toEqual(answered)
  })
})

describe('Step 4: Results from another age', () => {
  test('opens once when many calls fail together, and says so once', async () => {
    const onChange = vi.fn<(change: BreakerChange) => void>()
    const breaker = new CircuitBreaker({ ...BRISK, onChange })
    const calls = await Promise.all(Array.from({ length: 100 }, () => begin(breaker)))
    await Promise.all(calls.map(({ fail }) => fail()))
    expect(breaker.state.status, 'step 1 first: after three failures in a row it must be open').toBe('open')
    const changes = onChange.mock.calls.map(([{ from, to }]) => `${from} to ${to.status}`)
    expect(changes.length, 'times that onChange was called: once for each change, and there was one').toBe(1)
    expect(changes, 'what it was told').toEqual(['closed to open'])
    expect(breaker.discarded, 'three have opened it, and the others were late').toBe(97)
  })

  test('lets the calls that are under way end as they will', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const { signal } = new AbortController()
    const [withSignal, without] = await Promise.all([begin(breaker, signal), begin(breaker)])
    await callTimes(3, breaker, fails)
    expect(breaker.state.status, 'step 1 first: after three failures in a row it must be open').toBe('open')
    const aborted = [withSignal, without].map(({ signal }) => signal?.aborted)
    expect(aborted, 'it opens for those who come; those who are inside have done nothing wrong').toEqual([false, false])
    for (const call of [withSignal, without]) await call.succeed()
    expect(await withSignal.result, 'an answer is an answer').toEqual(answered)
    expect(await without.result, 'an answer is an answer').toEqual(answered)
  })

  test('does not stay open longer for failures that come late', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const late = await Promise.all([begin(breaker), begin(breaker)])
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
    const [whileOpen, whileHalfOpen] = await Promise.all([begin(breaker), begin(breaker)])
    await callTimes(3, breaker, fails)
    await whileOpen.succeed()
    expect(breaker.state.status, 'an old success does not end the break').toBe('open')
    vi.advanceTimersByTime(5_000)
    const probe = await begin(breaker)
    await whileHalfOpen.succeed()
    expect(breaker.state.status, 'an old success is no probe').toBe('half-open')
    expect(breaker.discarded).toBe(2)
    expect(await (await begin(breaker)).result, 'and it has no slot to give back').toEqual(refused)
    await probe.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('does not open again for a failure of a call that began before the break', async () => {
    const breaker = new CircuitBreaker(BRISK)
    const old = await begin(breaker)
    await callTimes(3, breaker, fails)
    vi.advanceTimersByTime(5_000)
    const probe = await begin(breaker)
    await old.fail()
    expect(breaker.state.status, 'the call timed out at last; what matters is the probe').toBe('half-open')
    expect(breaker.discarded).toBe(1)
    await probe.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('does not take one break for another', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, probes: 2 })
    const old = await Promise.all([begin(breaker), begin(breaker), begin(breaker)])
    await callTimes(3, breaker, fails)
    vi.advanceTimersByTime(5_000)
    const oldProbe = await begin(breaker)
    await callTimes(1, breaker, fails)
    vi.advanceTimersByTime(60_000)
    const probe = await begin(breaker)
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

describe('Step 5: Failure, success, or neither', () => {
  test('does not count a call that its caller has cancelled', async () => {
    const isFailure = (error: any) => error.message === '503' || error.response?.status >= 500
    const breaker = new CircuitBreaker({ ...BRISK, isFailure })
    const cancelled = async (breaker: CircuitBreaker, error?: unknown) => {
      const caller = new AbortController()
      const call = await begin(breaker, caller.signal)
      caller.abort()
      await call.fail(error ?? caller.signal.reason)
      return call.result
    }
    const twenty = (breaker: CircuitBreaker, error?: unknown) =>
      Promise.all(Array.from({ length: 20 }, () => cancelled(breaker, error)))
    await twenty(breaker)
    expect(breaker.state.status, 'twenty users closed their tabs; that is not the upstream').toBe('closed')
    await callTimes(2, breaker, fails)
    const hungUp = new Error('socket hang up')
    expect(await cancelled(breaker, hungUp), 'what the operation threw, as it was').toEqual({
      status: 'rejected',
      reason: hungUp,
    })
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'and it is no success either: three failures in a row').toBe('open')

    const caller = new AbortController()
    const again = new CircuitBreaker(BRISK)
    const late = await begin(again, caller.signal)
    await callTimes(3, again, fails)
    caller.abort()
    await late.fail(caller.signal.reason)
    expect(again.discarded, 'it ended after its state did: late, as any other result').toBe(1)

    const share = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10 })
    await twenty(share, hungUp)
    await callTimes(9, share, fails)
    expect(share.state.status, 'nine calls that count: whatever the cancelled ones threw, they are none').toBe('closed')
    await callTimes(1, share, fails)
    expect(share.state.status, 'ten of ten: the cancelled ones are not among the calls').toBe('open')
  })

  test('takes back the slot of a probe that was cancelled, when it has ended', async () => {
    // Many a predicate knows what a failure is; an AbortError is none, and no answer either.
    const breaker = await rested({ isFailure: (error) => (error as Error).message === '503' })
    const caller = new AbortController()
    const cancelled = await begin(breaker, caller.signal)
    expect(await (await begin(breaker)).result, 'the only slot is taken').toEqual(refused)
    caller.abort()
    await promisesSettle()
    const meanwhile = await begin(breaker)
    expect(await meanwhile.result, 'its caller has gone, but the call is still under way: no second one').toEqual(
      refused,
    )
    await cancelled.fail(caller.signal.reason)
    expect(breaker.state.status, 'a cancelled probe has found out nothing').toBe('half-open')
    const probe = await begin(breaker)
    expect(probe.calls, 'calls let in, now that the slot is free again: or else it is half-open for ever').toBe(1)
    await probe.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('hands over a success that came after its caller had gone, and counts it', async () => {
    const breaker = await rested()
    const booking = async () => {
      const caller = new AbortController()
      const call = await begin(breaker, caller.signal)
      caller.abort()
      await call.succeed()
      return call.result
    }
    expect(await booking(), 'the parcel is booked, whoever has gone: keep what the operation brought').toEqual(answered)
    expect(breaker.state.status, 'the carrier has answered: a success is a success').toBe('closed')
    await callTimes(2, breaker, fails)
    await booking()
    await callTimes(2, breaker, fails)
    expect(breaker.state.status, 'and it ends a row of failures').toBe('closed')
  })

  test('takes an answer for a success, also one that nobody likes', async () => {
    const notFound = new Error('404')
    const options: BreakerOptions = { isFailure: (error) => error !== notFound }
    const finds = async () => Promise.reject(notFound)
    const breaker = new CircuitBreaker({ ...BRISK, ...options })
    await callTimes(20, breaker, finds)
    expect(breaker.state.status, 'a parcel that does not exist is not an outage').toBe('closed')
    await callTimes(2, breaker, fails)
    await callTimes(1, breaker, finds)
    await callTimes(2, breaker, fails)
    expect(breaker.state.status, 'two, an answer, and two: no three failures in a row').toBe('closed')
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'three in a row').toBe('open')

    vi.advanceTimersByTime(5_000)
    expect(await outcomeOf(breaker.execute(finds)), 'its caller is told').toEqual({
      status: 'rejected',
      reason: notFound,
    })
    expect(breaker.state.status, 'it has answered: a night of 404s must not keep it half-open').toBe('closed')

    const share = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10, ...options })
    await callTimes(11, share, finds)
    await callTimes(10, share, fails)
    expect(share.state.status, '10 failures of 21 calls').toBe('closed')
    await callTimes(1, share, fails)
    expect(share.state.status, '11 of 22').toBe('open')
  })

  test('does not count errors that say nothing about the upstream', async () => {
    const queueFull = new Error('our own queue is full')
    const isFailure = (error: unknown) => error !== queueFull
    const options: BreakerOptions = { isExcluded: (error) => error === queueFull, isFailure }
    const breaker = new CircuitBreaker({ ...BRISK, ...options })
    const excluded = async () => Promise.reject(queueFull)
    await callTimes(20, breaker, excluded)
    expect(breaker.state.status, 'twenty errors that isExcluded knows').toBe('closed')
    await callTimes(2, breaker, fails)
    await callTimes(1, breaker, excluded)
    await callTimes(1, breaker, fails)
    expect(breaker.state.status, 'it is no success between two failures, whatever isFailure says').toBe('open')

    vi.advanceTimersByTime(5_000)
    expect(await outcomeOf(breaker.execute(excluded)), 'its caller is told').toEqual({
      status: 'rejected',
      reason: queueFull,
    })
    expect(breaker.state.status, 'as a probe it neither closes nor opens').toBe('half-open')
    await callTimes(1, breaker, works)
    expect(breaker.state.status, 'and gives its slot back').toBe('closed')

    const share = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10, ...options })
    await callTimes(20, share, excluded)
    await callTimes(9, share, fails)
    expect(share.state.status, 'nine calls that count').toBe('closed')
    await callTimes(1, share, fails)
    expect(share.state.status, 'ten of ten: what is excluded is not among the calls').toBe('open')
  })

  test('does not hold it against the upstream that a breaker further in refuses', async () => {
    const inner = await opened({ breakMs: 60_000 })
    const outer = new CircuitBreaker(BRISK)
    const through = async () => inner.execute(works)
    for (let i = 0; i < 20; i++) {
      const { reason } = (await outcomeOf(outer.execute(through))) as { reason?: CircuitOpenError }
      expect(reason?.cause, 'the refusal, as it is, with the failure that opened the inner one').toEqual(
        new Error('503'),
      )
    }
    expect(outer.state.status, 'twenty calls that were never made').toBe('closed')
    await callTimes(2, outer, fails)
    await callTimes(1, outer, through)
    await callTimes(1, outer, fails)
    expect(outer.state.status, 'three that were; a refusal is no success between them').toBe('open')
    vi.advanceTimersByTime(5_000)
    await callTimes(1, outer, through)
    expect(outer.state.status, 'as a probe, a refusal neither closes nor opens').toBe('half-open')
  })

  test('does not begin for a caller who has already gone', async () => {
    const breaker = await rested()
    const gone = AbortSignal.abort(new Error('too late'))
    const call = await begin(breaker, gone)
    expect(call.calls, 'calls made for somebody who does not wait for them').toBe(0)
    expect(await call.result, "the signal's own reason").toEqual({ status: 'rejected', reason: gone.reason })
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
    const limited = (operation: (signal: AbortSignal) => Promise<unknown>, reason?: Error) => {
      const controller = new AbortController()
      sleep(1_000).then(() => controller.abort(reason))
      return operation(controller.signal)
    }
    // As our own says it, as `AbortSignal.timeout` does, and as a bare `controller.abort()`.
    for (const reason of [
      new TimeoutError('1 s is over'),
      new DOMException('1 s is over', 'TimeoutError'),
      undefined,
    ]) {
      const right = new CircuitBreaker(BRISK)
      for (let i = 0; i < 3; i++)
        await result(
          right.execute(() => limited(hangs, reason)),
          1_000,
        )
      const wrong = new CircuitBreaker(BRISK)
      const gaveUp = Array.from({ length: 30 }, () => limited((signal) => wrong.execute(hangs, signal), reason))
      await result(Promise.all(gaveUp), 1_000)
      expect(
        { inside: right.state.status, outside: wrong.state.status },
        `${reason?.name ?? 'AbortError'}: a timeout inside is a failure, whatever it is called; outside it is a caller who has given up, and tells nothing, not after thirty`,
      ).toEqual({ inside: 'open', outside: 'closed' })
    }
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

describe('Step 7: Judge by what is recent', () => {
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

describe('Step 8: A probe that never comes back', () => {
  test('gives its slot to the next caller, when the lease is over', async () => {
    const breaker = await rested({ probes: 2, probeLeaseMs: 2_000 })
    await begin(breaker)
    vi.advanceTimersByTime(500)
    await begin(breaker)
    vi.advanceTimersByTime(1_499)
    const { reason } = (await (await begin(breaker)).result) as { reason: CircuitOpenError }
    expect(reason, 'both leases run').toBeInstanceOf(CircuitOpenError)
    expect(reason.retryAfterMs, 'until the first of the two is over').toBeCloseTo(1)
    vi.advanceTimersByTime(1)
    const third = await begin(breaker)
    expect(third.calls, 'calls let in when a lease is over: one probe hangs for ever, half-open must not').toBe(1)
    expect(await (await begin(breaker)).result, 'the second lease has 500 ms to run').toEqual(refused)
    vi.advanceTimersByTime(500)
    const fourth = await begin(breaker)
    await third.succeed()
    await fourth.succeed()
    expect(breaker.state.status).toBe('closed')
  })

  test('hears no more of a probe that has lost its slot', async () => {
    for (const end of ['succeed', 'fail'] as const) {
      const breaker = await rested({ probeLeaseMs: 2_000 })
      const first = await begin(breaker)
      vi.advanceTimersByTime(2_000)
      const second = await begin(breaker)
      await first[end]()
      expect(breaker.state.status, 'the first probe is late; the second one decides').toBe('half-open')
      expect(breaker.discarded).toBe(1)
      expect(await (await begin(breaker)).result, 'and its slot is not given back twice').toEqual(refused)
      await second.succeed()
      expect(breaker.state.status).toBe('closed')
    }
  })
})

describe('Step 9: Slow is the new down', () => {
  const takes = (ms: number) => async () => {
    vi.advanceTimersByTime(ms)
    return 'a quote, at last'
  }

  test('counts an answer that took too long as a failure, and hands it over all the same', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, slowCallMs: 800 })
    await callTimes(5, breaker, takes(799))
    await callTimes(5, breaker, async () => vi.setSystemTime(Date.now() + 3_600_000))
    expect(breaker.state.status, 'none took 800 ms, though somebody has set the wall clock').toBe('closed')
    for (let i = 0; i < 3; i++) {
      const outcome = await outcomeOf(breaker.execute(takes(800)))
      expect(outcome, 'the answer is here: its caller may as well have it').toMatchObject({ value: 'a quote, at last' })
    }
    expect(breaker.state.status, 'three calls took 800 ms, and 800 is slow').toBe('open')
    expect(breaker.discarded, 'results that were late, which is not the same as slow').toBe(0)

    const [notFound, queueFull] = [new Error('404'), new Error('our own queue is full')]
    const slowly = (error: Error) => async () => {
      vi.advanceTimersByTime(800)
      throw error
    }
    const options: BreakerOptions = {
      ...BRISK,
      slowCallMs: 800,
      isFailure: (error) => error !== notFound,
      isExcluded: (error) => error === queueFull,
    }
    const finds = new CircuitBreaker(options)
    await callTimes(3, finds, slowly(queueFull))
    expect(finds.state.status, 'what says nothing about the upstream does not say that it is slow').toBe('closed')
    await callTimes(2, finds, slowly(notFound))
    expect(await outcomeOf(finds.execute(slowly(notFound))), 'its caller is told').toEqual({
      status: 'rejected',
      reason: notFound,
    })
    expect(finds.state.status, 'three 404s took 800 ms: that is an answer, so a success, and slow').toBe('open')
    expect((finds.state as { cause?: unknown }).cause, 'a 404 is not what was wrong').toBeUndefined()

    const dead = new CircuitBreaker(options)
    await callTimes(3, dead, slowly(new Error('503')))
    expect(dead.state, 'a failure is the cause, however long it took').toMatchObject({ cause: new Error('503') })
  })

  test('counts it in the share, too, and though its caller has gone', async () => {
    const share = new CircuitBreaker({ failureRate: 0.5, minimumCalls: 10, slowCallMs: 800, windowMs: 60_000 })
    await callTimes(5, share, works)
    await callTimes(4, share, takes(800))
    expect(share.state.status, '4 slow calls of 9').toBe('closed')
    const caller = new AbortController()
    const call = await begin(share, caller.signal)
    vi.advanceTimersByTime(800)
    caller.abort()
    await call.succeed()
    expect(share.state.status, '5 slow calls of 10, the last one brought to somebody who has gone').toBe('open')

    const impatient = new CircuitBreaker({ ...BRISK, slowCallMs: 800 })
    for (let i = 0; i < 3; i++) {
      const caller = new AbortController()
      const call = await begin(impatient, caller.signal)
      vi.advanceTimersByTime(800)
      caller.abort()
      await call.fail(caller.signal.reason)
    }
    expect(impatient.state.status, 'cancelled after 800 ms, and no answer: that is step 5, and does not count').toBe(
      'closed',
    )
  })

  test('does not close for a probe that is slow', async () => {
    const breaker = await rested({ slowCallMs: 800 })
    let probes = 0
    await callTimes(1, breaker, async () => (probes++, takes(800)()))
    expect(probes, 'probes: the break is over').toBe(1)
    expect(breaker.state.status, 'but the upstream is still down').toBe('open')
    const { cause } = breaker.state as { cause?: unknown }
    expect(cause, 'nothing was thrown: the cause of the break before is not that of this one').toBeUndefined()
    expect(breaker.discarded, 'by its result, which was not late').toBe(0)
  })
})

describe('Step 10: Longer breaks, and not in step', () => {
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
    const weekend = await breaks(70, new CircuitBreaker({ ...BRISK, maxBreakMs: 30_000 }))
    const others = weekend.slice(3).filter((lengthMs) => lengthMs !== 30_000)
    expect(others, 'breaks of another length than 30 s, after a weekend (1 << 31 is negative, 1 << 32 is 1)').toEqual(
      [],
    )
  })

  test('begins with the short break again, once it has closed', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, maxBreakMs: 30_000 })
    expect(await breaks(3, breaker)).toEqual([5_000, 10_000, 20_000])
    vi.advanceTimersByTime(30_000)
    await callTimes(1, breaker, works)
    expect(breaker.state.status, 'the upstream has recovered').toBe('closed')
    expect(await breaks(2, breaker), "last month's outage has nothing to do with this one").toEqual([5_000, 10_000])
  })

  test('never says that it is over before it is', async () => {
    const breaker = await opened({ jitter: 0.2, random: () => 1 / 3 })
    const { reason } = (await outcomeOf(breaker.execute(works))) as { reason: CircuitOpenError }
    const { retryAfterMs } = breaker.state as { retryAfterMs?: number }
    for (const told of [reason.retryAfterMs, retryAfterMs!]) {
      const exact = 5_000 - 5_000 * (0.2 / 3)
      expect(told, 'rounded down: whoever comes back in so many ms is refused again').toBeGreaterThan(exact - 0.001)
      expect(told, 'rounded up by more than a millisecond').toBeLessThan(exact + 1)
    }
  })

  test('stays open for as long as the upstream has asked', async () => {
    const asks = async () => Promise.reject(new ResponseError('503', 503, { 'retry-after': '120' }))
    const retryAfterMs = (error: unknown) =>
      error instanceof ResponseError ? Number(error.headers['retry-after']) * 1_000 : undefined
    const lengthOf = async (operation: Operation<unknown>, options: BreakerOptions = {}) => {
      const breaker = new CircuitBreaker({ ...BRISK, retryAfterMs, ...options })
      await callTimes(2, breaker, fails)
      await callTimes(1, breaker, operation)
      expect(breaker.state.status, 'step 1 first: after three failures in a row it must be open').toBe('open')
      return (breaker.state as { retryAfterMs: number }).retryAfterMs
    }
    expect(await lengthOf(fails), 'this error asks for nothing: a break of 5 s').toBe(5_000)
    expect(await lengthOf(asks), 'it asked for 120 s, and maxBreakMs (60,000) is for breaks of our own').toBe(120_000)
    expect(await lengthOf(asks, { breakMs: 300_000, maxBreakMs: 300_000 }), 'a break of 300 s is long enough').toBe(
      300_000,
    )
    const withJitter = await lengthOf(asks, { jitter: 0.2, random: () => 0.5 })
    expect(withJitter, 'never earlier than told: chance takes nothing off that').toBeGreaterThanOrEqual(120_000)
    expect(withJitter, 'chance may add to it, by a share of `jitter`').toBeLessThanOrEqual(144_000)

    const late = new CircuitBreaker({ ...BRISK, retryAfterMs })
    const old = await begin(late)
    await callTimes(3, late, fails)
    await old.fail(new ResponseError('503', 503, { 'retry-after': '120' }))
    expect(
      late.state,
      'a call from before the break that fails now asks in vain: it is late, as in step 4',
    ).toMatchObject({ status: 'open', retryAfterMs: 5_000 })

    const probed = await opened({ retryAfterMs })
    vi.advanceTimersByTime(5_000)
    await callTimes(1, probed, asks)
    expect(probed.state, 'a probe that is told 120 s').toMatchObject({ status: 'open', retryAfterMs: 120_000 })
    const slow = async () => vi.advanceTimersByTime(800)
    const afterSlow = await lengthOf(slow, { slowCallMs: 800, retryAfterMs: () => 120_000 })
    expect(afterSlow, 'opened by an answer that was slow: nothing was thrown, so nobody has asked').toBe(5_000)
    for (const nonsense of [NaN, -1, Infinity, '120000', null]) {
      const lengthMs = await lengthOf(fails, { retryAfterMs: () => nonsense as number })
      expect(lengthMs, `retryAfterMs() is ${inspect(nonsense)}: that asks for nothing`).toBe(5_000)
    }
  })

  test('takes a random share off each break, of the longest too', async () => {
    const options = { ...BRISK, maxBreakMs: 10_000, jitter: 0.2 }
    const half = new CircuitBreaker({ ...options, random: () => 0.5 })
    expect(await breaks(3, half), 'half of a jitter of 0.2 is a tenth').toEqual([4_500, 9_000, 9_000])
    const none = new CircuitBreaker({ ...options, random: () => 0 })
    expect(await breaks(3, none)).toEqual([5_000, 10_000, 10_000])

    const random = seededRandom(4)
    const thirds = new Set<number | undefined>()
    for (let i = 0; i < 20; i++) thirds.add((await breaks(3, new CircuitBreaker({ ...options, random }))).at(-1))
    expect(
      thirds.size,
      'different lengths among twenty of the longest break: chance comes after the cap, or they all probe together',
    ).toBeGreaterThan(15)
    const longest = (await breaks(6, new CircuitBreaker({ ...options, random }))).slice(2)
    expect(new Set(longest).size, 'lengths of the four longest breaks of one breaker: each has its own chance').toBe(4)
  })
})

describe('Step 11: Listeners and options that misbehave', () => {
  test('tells of each change, in order', async () => {
    const changes: BreakerChange[] = []
    const onChange = (change: BreakerChange) => void changes.push(change)
    const name = 'pigeon'
    const breaker = new CircuitBreaker({
      name,
      breakMs: 5_000,
      jitter: 0,
      failureRate: 0.5,
      minimumCalls: 10,
      onChange,
    })
    await callTimes(4, breaker, works)
    await callTimes(6, breaker, fails)
    expect(breaker.state.status, 'step 2 first: 6 failures of 10').toBe('open')
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
    expect(changes, 'changes, in order; in the first of them, what the window held').toEqual([
      { name, from: 'closed', to: open(5_000), window: { calls: 10, failures: 6 } },
      { name, from: 'open', to: halfOpen },
      { name, from: 'half-open', to: open(10_000) },
      { name, from: 'open', to: halfOpen },
      { name, from: 'half-open', to: closed },
    ])
  })

  /** What somebody else's code throws becomes a warning of the process; here is what it would say. */
  function catchWarnings() {
    const warnings: string[] = []
    const spy = vi.spyOn(process, 'emitWarning').mockImplementation((warning: unknown) => {
      if (typeof warning !== 'string' && !(warning instanceof Error))
        throw new TypeError(`process.emitWarning takes a string or an Error; got ${inspect(warning)}`)
      warnings.push(String(warning))
    })
    onTestFinished(() => spy.mockRestore())
    return warnings
  }

  test('is not upset by a listener that fails, at once or later', async () => {
    const warnings = catchWarnings()
    const unhandled: unknown[] = []
    const onUnhandled = (error: unknown) => void unhandled.push(error)
    process.on('unhandledRejection', onUnhandled)
    onTestFinished(() => void process.off('unhandledRejection', onUnhandled))
    for (const thrown of [new Error('the log is full'), undefined, Symbol('the log is full')]) {
      const throws = () => {
        throw thrown
      }
      for (const onChange of [throws, async () => throws()]) {
        warnings.length = 0
        const breaker = new CircuitBreaker({ ...BRISK, onChange })
        await callTimes(2, breaker, fails)
        const last = await outcomeOf(breaker.execute(fails))
        expect(last, "the caller's error is the upstream's, not the listener's").toMatchObject({
          reason: new Error('503'),
        })
        vi.advanceTimersByTime(5_000)
        const probe = await outcomeOf(breaker.execute(works))
        expect(probe, 'the call was a success, whatever the listener makes of it').toMatchObject({ value: 'a quote' })
        expect(breaker.state.status, 'step 3 first: a probe has succeeded').toBe('closed')
        await outcomeOf(new Promise(() => {}), 3)
        expect(
          warnings.length,
          'warnings: open, half-open, closed, and somebody should hear that the listener fails',
        ).toBe(3)
        if (thrown) expect(warnings.at(-1), 'and how').toContain('the log is full')
      }
    }
    expect(unhandled, 'rejections that nobody handled: each would end the process').toEqual([])
  })

  test('does not wait for a listener', async () => {
    const breaker = new CircuitBreaker({ ...BRISK, onChange: () => new Promise(() => {}) })
    await callTimes(2, breaker, fails)
    const last = await outcomeOf(breaker.execute(fails))
    expect(last, 'the log does not answer; that is no reason to keep a customer waiting').toMatchObject({
      reason: new Error('503'),
    })
    expect(breaker.state.status, 'after three failures in a row').toBe('open')
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
    expect(breaker.state.status, 'step 1 first: after three failures in a row it must be open').toBe('open')
    const whenOpen = new Set((await Promise.all(results)).map(({ status }) => status))
    expect(whenOpen, 'the listener hears that it is open, and it is').toEqual(new Set(['rejected']))
    vi.advanceTimersByTime(5_000)
    const outer = await begin(breaker)
    await Promise.all(results)
    expect(outer.calls, 'the call that wakes the breaker is its first probe: first the slot, then the news').toBe(1)
    expect(nested.mock.calls.length, 'and of the five calls of the listener, one finds a slot').toBe(1)
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

  test('takes a failure for a failure when isFailure or isExcluded fails', async () => {
    for (const option of ['isFailure', 'isExcluded'] as const) {
      const warnings = catchWarnings()
      const breaker = new CircuitBreaker({ ...BRISK, [option]: (error: any) => error.response.status >= 500 })
      for (let i = 0; i < 3; i++) {
        const outcome = await outcomeOf(breaker.execute(fails))
        expect(outcome, "the caller's error is the upstream's, and not that there is no error.response").toEqual({
          status: 'rejected',
          reason: new Error('503'),
        })
      }
      expect(breaker.state.status, `one typo in ${option}, and it never opens`).toBe('open')
      vi.advanceTimersByTime(5_000)
      await callTimes(1, breaker, fails)
      expect(breaker.state.status, 'a failed probe; or else it is half-open for ever').toBe('open')
      expect(warnings.length, 'warnings: three failures and a probe, and somebody should hear of the typo').toBe(4)
    }
  })

  test('opens for its own break when retryAfterMs fails', async () => {
    const warnings = catchWarnings()
    const retryAfterMs = (error: any) => error.headers['retry-after'] * 1_000
    const breaker = new CircuitBreaker({ ...BRISK, retryAfterMs })
    await callTimes(2, breaker, fails)
    const last = await outcomeOf(breaker.execute(fails))
    expect(last, "the caller's error is the upstream's").toEqual({ status: 'rejected', reason: new Error('503') })
    expect(breaker.state, 'open, for breakMs').toMatchObject({ status: 'open', retryAfterMs: 5_000 })
    expect(warnings.length, 'warnings: somebody should hear of it').toBe(1)
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
      probes: [0, 1.5, NaN, never, null],
      probeLeaseMs: [0, -1, NaN, never],
      breakMs: [0, -1, NaN, never, '5000'],
      maxBreakMs: [4_999, NaN, never],
      jitter: [-0.1, 1.1, NaN, '0.2'],
    }
    const cases = Object.entries(nonsense).flatMap(([option, values]) => values.map((value) => ({ option, value })))
    const errorOf = (options: Record<string, unknown>) => {
      try {
        return void new CircuitBreaker(options)
      } catch (error) {
        return error
      }
    }
    const errors = cases.map(({ option, value }) => ({ option, value, error: errorOf({ [option]: value }) }))
    const accepted = errors.filter(({ error }) => !error)
    expect(
      accepted.map(({ option, value }) => `${option}: ${inspect(value)}`),
      'options that make no sense, and were accepted: a RangeError is expected of the constructor',
    ).toEqual([])
    for (const { option, value, error } of errors) {
      expect(error, `${option}: ${inspect(value)} is refused by a RangeError`).toBeInstanceOf(RangeError)
      const { message } = error as RangeError
      expect(message, 'a RangeError that names the option').toContain(option)
      if (option !== 'maxBreakMs') expect(message, 'and what it got').toContain(String(value))
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

    const plain = new CircuitBreaker({ random: () => 0.5 })
    await callTimes(9, plain, fails)
    vi.advanceTimersByTime(10_000)
    await callTimes(9, plain, fails)
    expect(plain.state.status, 'windowMs is 10,000 by default: the window has nine failures').toBe('closed')
    await callTimes(1, plain, fails)
    const seen: unknown[] = []
    for (let i = 0; i < 5; i++) {
      const { retryAfterMs: breakMs = 0 } = plain.state as { retryAfterMs?: number }
      vi.advanceTimersByTime(Math.ceil(breakMs))
      const probe = await begin(plain)
      const { reason } = (await (await begin(plain)).result) as { reason?: CircuitOpenError }
      seen.push([Math.round(breakMs), Math.round(reason?.retryAfterMs ?? 0)])
      await probe.fail()
    }
    expect(
      seen,
      'breaks and leases: breakMs 5,000, maxBreakMs 60,000, jitter 0.2, probes 1, probeLeaseMs 10,000, as options.ts has it',
    ).toEqual([4_500, 9_000, 18_000, 36_000, 54_000].map((breakMs) => [breakMs, 10_000]))
  })
})
