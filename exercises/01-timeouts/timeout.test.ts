import {
  deadlineFrom,
  deadlineHeader,
  deadlineIn,
  DEADLINE_HEADER,
  remainingMs,
} from '#chapters/01-timeouts/deadline.ts'
import { withTimeout } from '#chapters/01-timeouts/timeout.ts'
import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { deadlineAfter, msUntil } from '../../shared/core/deadline.ts'
import { TimeoutError } from '../../shared/core/errors.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
  // Outside of tests, no clock that one looks at stands at 0.
  vi.advanceTimersByTime(5_000)
})

/** Promises say to each other what they have to say; no time goes by. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await undefined
}

const whichClock = 'is it on the global setTimeout and performance.now(), which are what the tests turn?'

/** An operation that hangs until it is told to stop, and then fails in its own way; `signals` are those it was given. */
function hanging() {
  const signals: AbortSignal[] = []
  const operation = (signal: AbortSignal) => {
    signals.push(signal)
    return new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('the operation could not clean up')))
    })
  }
  return { operation, signals }
}

/** An operation that never ends, whatever its signal says. */
const deaf = () => new Promise<never>(() => {})

/** Bytes that are still reachable. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

describe('Step 1: Stop waiting, and stop the work', () => {
  // A timer that runs on after its call is the subject of step 2.
  afterEach(() => {
    vi.clearAllTimers()
  })

  test('aborts the operation when the time is up', async () => {
    const own: AbortSignal[] = []
    const quote = async (signal: AbortSignal) => {
      own.push(signal)
      return 'a quote'
    }
    const inTime = await outcomeOf(withTimeout(quote, 100))
    expect(inTime, 'what the operation returns is what the caller gets').toEqual({
      status: 'fulfilled',
      value: 'a quote',
    })
    const reason = new Error('no carrier goes there')
    const refusal = async (signal: AbortSignal) => {
      own.push(signal)
      throw reason
    }
    const refused = await outcomeOf(withTimeout(refusal, 100))
    expect(refused, 'what the operation throws is what the caller gets').toEqual({ status: 'rejected', reason })
    await settled()
    const aborted = own.map((signal) => signal.aborted)
    expect(
      aborted,
      'aborted after a success, after a failure: leave both alone, an answer may have a body that is yet to be read',
    ).toEqual([false, false])

    const { operation, signals } = hanging()
    const result = outcomeOf(withTimeout(operation, 100))
    await vi.advanceTimersByTimeAsync(99)
    expect(signals[0]?.aborted, 'aborted before the time was up').toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    const outcome = await result
    expect(outcome.status, `100 ms are over, and it still waits: ${whichClock}`).toBe('rejected')
    expect(
      outcome,
      'the time was up before the operation failed: first reject with a TimeoutError, then abort',
    ).toMatchObject({ reason: expect.any(TimeoutError) })
    expect(
      signals[0]?.aborted,
      'the caller stopped waiting, but the work goes on: abort the signal that the operation was given',
    ).toBe(true)
    expect(signals[0]?.reason, "the signal's reason tells the work why it must stop").toBeInstanceOf(TimeoutError)
  })

  test('does not wait for an operation that ignores its signal, and tells how long it waited', async () => {
    const result = outcomeOf(withTimeout(deaf, 100))
    await vi.advanceTimersByTimeAsync(50)
    vi.setSystemTime(Date.now() + 3_600_000)
    await vi.advanceTimersByTimeAsync(50)
    const { reason } = (await result) as { reason: TimeoutError }
    expect(reason, 'an abort is a request, not a force: the caller must not depend on it').toBeInstanceOf(TimeoutError)
    expect(
      reason.elapsedMs,
      'elapsedMs, the first thing one asks of a timeout at 3 a.m. (the wall clock has jumped by an hour meanwhile)',
    ).toBeCloseTo(100)
  })

  test("passes on the caller's abort at once, with the caller's own reason", async () => {
    const caller = new AbortController()
    const { operation, signals } = hanging()
    const results = [operation, deaf].map((each) => outcomeOf(withTimeout(each, 100, { signal: caller.signal })))
    await settled()
    const reason = new Error('the user closed the tab')
    caller.abort(reason)
    await settled()
    expect(signals[0]?.aborted, 'the caller aborted, but the operation was not told').toBe(true)
    expect(signals[0]?.reason, 'the operation was told to stop, but not why: abort with the reason').toBe(reason)
    const [first, second] = await Promise.all(results)
    expect(first, "a caller's abort is not a timeout: keep its reason as it is").toEqual({ status: 'rejected', reason })
    expect(second, 'two calls share the signal, and one did not hear it, or waits for its operation').toEqual(first)

    const early = new AbortController()
    const abortsItsCaller = () => {
      early.abort(reason)
      return deaf()
    }
    const own = await outcomeOf(withTimeout(abortsItsCaller, 100, { signal: early.signal }))
    expect(own, 'aborted while the operation began: listen before it does').toEqual({ status: 'rejected', reason })
  })

  test('does not begin for a caller who has already gone', async () => {
    const { operation, signals } = hanging()
    const reason = new Error('too late')
    const result = outcomeOf(withTimeout(operation, 100, { signal: AbortSignal.abort(reason) }))
    await settled()
    expect(signals.length, 'it began: an aborted signal fires no further event, so ask it first').toBe(0)
    expect(await result, 'the reason of the signal that had aborted').toEqual({ status: 'rejected', reason })
  })

  test('turns a synchronous throw into a rejection', async () => {
    const fails = () => {
      throw new Error('not even a promise')
    }
    let promise: Promise<unknown> = Promise.resolve()
    expect(() => {
      promise = withTimeout(fails, 100)
      promise.catch(() => {})
    }, 'it threw where its caller expects a promise: their .catch never runs').not.toThrow()
    await expect(promise).rejects.toThrow('not even a promise')
  })
})

describe('Step 2: Leave nothing behind', () => {
  test('leaves no timer and no listener, whichever way the call ends', async () => {
    const ways: Record<string, (caller: AbortController) => (signal: AbortSignal) => Promise<unknown>> = {
      'a success': () => async () => 'fast',
      'a failure': () => async () => Promise.reject(new Error('no')),
      'a synchronous throw': () => () => {
        throw new Error('not even a promise')
      },
      'the end of the time, for an operation that ignores it': () => deaf,
      "the caller's abort, which the operation ignores": (caller) => {
        setTimeout(() => caller.abort(), 50)
        return deaf
      },
      'an abort before the call': (caller) => {
        caller.abort()
        return hanging().operation
      },
    }
    for (const [way, make] of Object.entries(ways)) {
      const caller = new AbortController()
      const result = outcomeOf(withTimeout(make(caller), 60_000, { signal: caller.signal }))
      await vi.advanceTimersByTimeAsync(way.startsWith('the end of the time') ? 60_000 : 100)
      expect((await result).status, `${way} ends a call`).not.toBe('pending')
      expect(
        vi.getTimerCount(),
        `a timer still runs after ${way}: it holds memory, and the process, for a minute`,
      ).toBe(0)
      expect(getEventListeners(caller.signal, 'abort').length, `a listener is left on the signal after ${way}`).toBe(0)
    }
  })

  test('leaves nothing on a signal that outlives 10,000 calls', async () => {
    const { signal } = new AbortController()
    const calls = async (count: number) => {
      // As undici does, the operation listens to the signal that it is given.
      const operation = async (own: AbortSignal) => own.addEventListener('abort', () => {})
      for (let i = 0; i < count; i++) await withTimeout(operation, 60_000, { signal })
    }
    const first = await outcomeOf(calls(1_000), 1_000)
    expect(first.status, 'a call that succeeds must come to its end').toBe('fulfilled')
    const expectNothing = () => {
      expect(vi.getTimerCount(), 'timers left behind').toBe(0)
      expect(getEventListeners(signal, 'abort').length, 'listeners left on the long-lived signal').toBe(0)
    }
    // What a thousand calls leave need not be left ten thousand times to be seen.
    expectNothing()
    const before = heapUsed()
    await calls(10_000)
    expectNothing()
    const megabytes = (heapUsed() - before) / 2 ** 20
    expect(
      megabytes,
      'memory left behind (AbortSignal.any? Its signals live as long as their oldest parent)',
    ).toBeLessThan(3)
  })

  test('does not let a late rejection become an unhandled one', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      const late = vi.fn(async (signal: AbortSignal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await sleep(50)
        throw new Error('late')
      })
      const result = outcomeOf(withTimeout(late, 100))
      await vi.advanceTimersByTimeAsync(100)
      expect((await result).status, 'the time is up, and the caller still waits for the operation').toBe('rejected')
      await vi.advanceTimersByTimeAsync(50)
      await outcomeOf(new Promise(() => {}), 5)
      expect(vi.getTimerCount(), 'the operation heard of the abort, and came to its own late end').toBe(0)
      const own = await outcomeOf(late.mock.results[0]?.value, 5)
      expect(own.status, 'the operation never heard of an abort, and hangs still').toBe('rejected')

      const caller = new AbortController()
      const suicidal = () => {
        caller.abort()
        throw new Error('after that')
      }
      await outcomeOf(withTimeout(suicidal, 100, { signal: caller.signal }), 5)
      expect(unhandled.mock.calls.length, 'an unhandled rejection ends the process').toBe(0)
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})

describe('Step 3: A deadline, not a duration', () => {
  test('says what is left, whatever the wall clock does, and never less than nothing', async () => {
    const deadline = deadlineIn(1_000)
    await vi.advanceTimersByTimeAsync(400)
    vi.setSystemTime(Date.now() - 3_600_000)
    expect(
      remainingMs(deadline),
      `400 of 1,000 ms are over, and somebody set the clock back: ${whichClock}`,
    ).toBeCloseTo(600)
    expect(msUntil(deadline), 'deadlines are handed on: an instant of performance.now() for everybody').toBeCloseTo(600)
    await vi.advanceTimersByTimeAsync(700)
    expect(remainingMs(deadline), 'a negative delay is a very short timeout: stop at 0').toBe(0)
  })

  test('gives nobody longer than whoever waits for them', () => {
    const callers = deadlineAfter(200)
    expect(deadlineIn(1_000, callers), 'the caller leaves in 200 ms; the earlier deadline counts').toBe(callers)
    expect(msUntil(deadlineIn(50, callers)), '50 ms of its own are earlier than the 200 of the caller').toBeCloseTo(50)
  })

  test('ends a call at its deadline, when that is before its timeout', async () => {
    const { operation, signals } = hanging()
    const result = outcomeOf(withTimeout(operation, 1_000, { deadline: deadlineAfter(100) }))
    await vi.advanceTimersByTimeAsync(100)
    expect(signals[0]?.aborted, 'the deadline passed, but the work goes on until the timeout').toBe(true)
    const outcome = await result
    expect(outcome, 'a deadline that has passed is a timeout, too').toMatchObject({ reason: expect.any(TimeoutError) })
    const { elapsedMs } = (outcome as { reason: TimeoutError }).reason
    expect(elapsedMs, 'elapsedMs is how long it waited, and not how long it might have').toBeCloseTo(100)

    const patient = outcomeOf(withTimeout(hanging().operation, 100, { deadline: deadlineAfter(1_000) }))
    await vi.advanceTimersByTimeAsync(100)
    expect((await patient).status, 'the timeout was before the deadline').toBe('rejected')
  })

  test('does not begin work whose time is up', async () => {
    const deadline = deadlineAfter(10)
    await vi.advanceTimersByTimeAsync(20)
    for (const [said, timeoutMs, options] of [
      ['a deadline that has passed', 1_000, { deadline }],
      ['a timeout of 0', 0, {}],
    ] as const) {
      const { operation, signals } = hanging()
      const { signal } = new AbortController()
      const result = outcomeOf(withTimeout(operation, timeoutMs, { ...options, signal }))
      await vi.advanceTimersByTimeAsync(1)
      expect(signals.length, `${said}: nobody waits for this any more, do not even begin`).toBe(0)
      expect(await result, said).toMatchObject({ status: 'rejected', reason: expect.any(TimeoutError) })
      expect(vi.getTimerCount() + getEventListeners(signal, 'abort').length, `${said}: a timer or listener left`).toBe(
        0,
      )
    }
  })
})

describe('Step 4: Let it travel', () => {
  test('sends the milliseconds that are left, rounded down', async () => {
    const deadline = deadlineIn(1_000)
    await vi.advanceTimersByTimeAsync(250.5)
    expect(
      deadlineHeader(deadline),
      "an instant means nothing on another machine's clock: send what is left, and never promise more than there is",
    ).toEqual({ [DEADLINE_HEADER]: '749' })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(deadlineHeader(deadline), 'the deadline has passed').toEqual({ [DEADLINE_HEADER]: '0' })
  })

  test('sends nothing when nobody has set a limit', () => {
    expect(deadlineHeader(Infinity), '"Infinity" is not something to send: no deadline, no header').toEqual({})
  })

  test('reads what is left as a deadline of its own clock', async () => {
    const deadline = deadlineFrom('300', 10_000)
    await vi.advanceTimersByTimeAsync(100)
    expect(remainingMs(deadline), 'the header says 300 ms, of which 100 have gone by').toBeCloseTo(200)
    expect(remainingMs(deadlineFrom('0', 10_000)), '0 is a number too: the caller has gone').toBe(0)
  })

  test('does not let a caller ask for more than the limit', () => {
    expect(remainingMs(deadlineFrom('86400000', 10_000)), 'the caller wants a day; the limit is 10 s').toBeCloseTo(
      10_000,
    )
  })

  test('takes a header that is missing or garbled for none', () => {
    for (const garbled of [
      undefined,
      '',
      ' ',
      'soon',
      '-5',
      '1.5',
      '1e3',
      '0x10',
      'NaN',
      'Infinity',
      '5, 6',
      ['5', '6'],
    ]) {
      const left = remainingMs(deadlineFrom(garbled, 10_000))
      expect(
        left,
        `the header was ${JSON.stringify(garbled)}: neither an error nor a way around the limit`,
      ).toBeCloseTo(10_000)
    }
  })
})

describe('Step 7: The edges', () => {
  test('does not fire early for delays that setTimeout cannot hold', async () => {
    const thirtyDaysMs = 30 * 24 * 3_600_000
    const { operation, signals } = hanging()
    const promise = withTimeout(operation, thirtyDaysMs)
    promise.catch(() => {})
    await vi.advanceTimersByTimeAsync(3_600_000)
    const atFirst = await outcomeOf(promise, 5)
    expect(atFirst.status, 'thirty days ended within an hour: setTimeout fires a delay above 2³¹−1 after 1 ms').toBe(
      'pending',
    )
    await vi.advanceTimersByTimeAsync(thirtyDaysMs - 3_600_001)
    const atLast = await outcomeOf(promise, 5)
    expect(atLast.status, 'thirty days ended after 24.8: a delay cut to 2³¹−1 needs another one after it').toBe(
      'pending',
    )
    await vi.advanceTimersByTimeAsync(1)
    expect(signals[0]?.aborted, 'thirty days are over').toBe(true)
  })

  test('runs without a timer when there is no limit', async () => {
    const work = vi.fn(() => sleep(5_000))
    const result = outcomeOf(withTimeout(work, Infinity))
    await settled()
    expect(vi.getTimerCount(), 'timers: 1 is that of the work itself; an infinite delay would fire at once').toBe(1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect((await result).status, 'the work was done after 5 s, and nothing limits it').toBe('fulfilled')
  })

  test('keeps what had succeeded before the abort, and nothing that succeeds after it', async () => {
    const reason = new Error('the user closed the tab')
    const book = (caller: AbortController) => {
      const booking = Promise.withResolvers<string>()
      return { booking, result: outcomeOf(withTimeout(() => booking.promise, 100, { signal: caller.signal })) }
    }
    for (let microtasks = 0; microtasks <= 5; microtasks++) {
      const caller = new AbortController()
      const { booking, result } = book(caller)
      await settled()
      booking.resolve('booked')
      for (let i = 0; i < microtasks; i++) await undefined
      caller.abort(reason)
      expect(await result, `aborted ${microtasks} microtasks after the booking: it was made, and must be told`).toEqual(
        {
          status: 'fulfilled',
          value: 'booked',
        },
      )
    }
    const caller = new AbortController()
    const { booking, result } = book(caller)
    await settled()
    caller.abort(reason)
    booking.resolve('booked')
    expect(await result, 'the abort came first: the waiting was over').toEqual({ status: 'rejected', reason })
  })

  test('refuses what is no limit, by name', async () => {
    const taken: string[] = []
    const refused = async (text: string, option: string, attempt: () => unknown) => {
      const outcome = await outcomeOf((async () => attempt())())
      const error = outcome.status === 'rejected' ? outcome.reason : inspect(outcome)
      if (!(error instanceof RangeError && error.message.includes(option))) taken.push(`${text}: ${error}`)
    }
    const work = async () => 'done'
    for (const nonsense of [NaN, -1, -Infinity, '50'] as number[]) {
      const text = inspect(nonsense)
      await refused(`withTimeout(work, ${text})`, 'timeoutMs', () => withTimeout(work, nonsense))
      await refused(`deadlineIn(${text})`, 'timeoutMs', () => deadlineIn(nonsense))
    }
    for (const nonsense of [NaN, '50'] as number[]) {
      const text = inspect(nonsense)
      const options = { deadline: nonsense }
      await refused(`withTimeout(work, 50, { deadline: ${text} })`, 'deadline', () => withTimeout(work, 50, options))
      await refused(`deadlineIn(50, ${text})`, 'deadline', () => deadlineIn(50, nonsense))
    }
    expect(taken, 'each is refused with a RangeError that names timeoutMs or deadline; these are not').toEqual([])
    expect(() => withTimeout(work, NaN).catch(() => {}), 'a function that promises rejects').not.toThrow()
  })
})
