import {
  deadlineFrom,
  deadlineHeader,
  deadlineIn,
  DEADLINE_HEADER,
  remainingMs,
} from '#chapters/01-timeouts/deadline.ts'
import { withTimeout } from '#chapters/01-timeouts/timeout.ts'
import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { TimeoutError } from '../../shared/core/errors.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
  // Outside of tests, no clock that one looks at stands at 0.
  vi.advanceTimersByTime(5_000)
})

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
    const inTime = await outcomeOf(withTimeout(async () => 'a quote', 100))
    expect(inTime, 'what the operation returns is what the caller gets').toEqual({
      status: 'fulfilled',
      value: 'a quote',
    })

    const { operation, signals } = hanging()
    const result = outcomeOf(withTimeout(operation, 100))
    await vi.advanceTimersByTimeAsync(99)
    expect(signals[0]?.aborted, 'aborted before the time was up').toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    const { reason } = (await result) as { reason?: unknown }
    expect(reason, 'the time was up before the operation failed (reject first, then abort)').toBeInstanceOf(
      TimeoutError,
    )
    expect(
      signals[0]?.aborted,
      'the caller stopped waiting, but the work goes on: abort the signal that the operation was given',
    ).toBe(true)
    expect(signals[0]?.reason, "the signal's reason tells the work why it must stop").toBeInstanceOf(TimeoutError)
  })

  test('does not wait for an operation that ignores its signal, and tells how long it waited', async () => {
    const deaf = () => new Promise<never>(() => {})
    const result = outcomeOf(withTimeout(deaf, 100))
    await vi.advanceTimersByTimeAsync(100)
    const { reason } = (await result) as { reason: TimeoutError }
    expect(reason, 'an abort is a request, not a force: the caller must not depend on it').toBeInstanceOf(TimeoutError)
    expect(reason.elapsedMs, 'elapsedMs: the first thing one asks of a timeout at 3 a.m.').toBeCloseTo(100)
  })

  test("passes on the caller's abort at once, with the caller's own reason", async () => {
    const caller = new AbortController()
    const { operation, signals } = hanging()
    const result = outcomeOf(withTimeout(operation, 100, { signal: caller.signal }))
    const reason = new Error('the user closed the tab')
    caller.abort(reason)
    expect(signals[0]?.aborted, 'the caller aborted, but the operation was not told').toBe(true)
    expect(await result, "a caller's abort is not a timeout: keep its reason as it is").toEqual({
      status: 'rejected',
      reason,
    })
  })

  test('does not begin for a caller who has already gone', async () => {
    const operation = vi.fn(hanging().operation)
    const reason = new Error('too late')
    const result = outcomeOf(withTimeout(operation, 100, { signal: AbortSignal.abort(reason) }))
    expect(operation, 'an aborted signal fires no further event: ask it before you begin').not.toHaveBeenCalled()
    expect(await result).toEqual({ status: 'rejected', reason })
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
  test('stops its timer whichever way the call ends', async () => {
    await withTimeout(async () => 'fast', 60_000)
    expect(
      vi.getTimerCount(),
      'a timer still runs after a success: it holds memory, and the process, for a minute',
    ).toBe(0)
    await outcomeOf(withTimeout(async () => Promise.reject(new Error('no')), 60_000))
    expect(vi.getTimerCount(), 'a timer still runs after a failure').toBe(0)
    const caller = new AbortController()
    const aborted = outcomeOf(withTimeout(hanging().operation, 60_000, { signal: caller.signal }))
    caller.abort()
    await aborted
    expect(vi.getTimerCount(), "a timer still runs after the caller's abort").toBe(0)
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
      expect(unhandled, 'an unhandled rejection ends the process').not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})

describe('Step 3: A deadline, not a duration', () => {
  test('is measured on the monotonic clock', async () => {
    const deadline = deadlineIn(1_000)
    await vi.advanceTimersByTimeAsync(400)
    vi.setSystemTime(Date.now() - 3_600_000)
    expect(remainingMs(deadline), 'somebody set the wall clock back by an hour: use performance.now()').toBeCloseTo(600)
  })

  test('never says that less than nothing is left', async () => {
    const deadline = deadlineIn(100)
    await vi.advanceTimersByTimeAsync(150)
    expect(remainingMs(deadline), 'a negative delay is a very short timeout: stop at 0').toBe(0)
  })

  test('gives nobody longer than whoever waits for them', () => {
    const parent = deadlineIn(200)
    expect(deadlineIn(1_000, parent), 'the caller leaves in 200 ms; the earlier deadline counts').toBe(parent)
    expect(deadlineIn(50, parent)).toBeLessThan(parent)
  })

  test('ends a call at its deadline, when that is before its timeout', async () => {
    const { operation, signals } = hanging()
    const result = outcomeOf(withTimeout(operation, 1_000, { deadline: deadlineIn(100) }))
    await vi.advanceTimersByTimeAsync(100)
    expect(signals[0]?.aborted, 'the deadline passed, but the work goes on until the timeout').toBe(true)
    expect((await result).status).toBe('rejected')
  })

  test('does not begin work whose deadline has passed', async () => {
    const deadline = deadlineIn(10)
    await vi.advanceTimersByTimeAsync(20)
    const operation = vi.fn(hanging().operation)
    const result = outcomeOf(withTimeout(operation, 1_000, { deadline }))
    expect(operation, 'nobody waits for this any more: do not even begin').not.toHaveBeenCalled()
    expect(await result).toMatchObject({ status: 'rejected', reason: expect.any(TimeoutError) })
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

describe('Step 7: Very long, and nonsense', () => {
  test('does not fire early for delays that setTimeout cannot hold', async () => {
    const thirtyDaysMs = 30 * 24 * 3_600_000
    const { operation, signals } = hanging()
    const promise = withTimeout(operation, thirtyDaysMs)
    promise.catch(() => {})
    await vi.advanceTimersByTimeAsync(thirtyDaysMs - 1)
    expect((await outcomeOf(promise, 5)).status, 'setTimeout fires a delay of more than 2³¹−1 ms after 1 ms').toBe(
      'pending',
    )
    await vi.advanceTimersByTimeAsync(1)
    expect(signals[0]?.aborted, 'thirty days are over').toBe(true)
  })

  test('runs without a timer when there is no limit', async () => {
    const work = vi.fn(() => sleep(5_000))
    const result = outcomeOf(withTimeout(work, Infinity))
    expect(vi.getTimerCount(), 'only the work itself has a timer: an infinite delay fires at once').toBe(1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect((await result).status).toBe('fulfilled')
  })

  test('refuses NaN and negative limits', async () => {
    for (const nonsense of [NaN, -1, -Infinity]) {
      const attempt = async () => withTimeout(async () => 'done', nonsense)
      const outcome = await outcomeOf(attempt())
      expect(outcome, `withTimeout(…, ${nonsense}): setTimeout would take it for 1 ms`).toMatchObject({
        status: 'rejected',
        reason: expect.any(RangeError),
      })
      expect(() => deadlineIn(nonsense), `deadlineIn(${nonsense})`).toThrow(RangeError)
    }
  })
})
