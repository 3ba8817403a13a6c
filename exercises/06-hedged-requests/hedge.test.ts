import { HedgeBudget } from '#chapters/06-hedged-requests/budget.ts'
import { hedge, type HedgeOptions } from '#chapters/06-hedged-requests/hedge.ts'
import { LiveLatency } from '#chapters/06-hedged-requests/latency.ts'
import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { HedgeError, NotNeededError, ResponseError } from '../../shared/core/errors.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

/** A delay that learns nothing. */
const after = (ms: number) => ({ delayMs: () => ms, record: vi.fn(), recordCensored: vi.fn() })
/** A budget that always says the same. */
const always = (answer: boolean) => ({ deposit: vi.fn(), tryWithdraw: vi.fn(() => answer) })

/** Replicas that answer and fail when told to, and reject when their signal aborts; in the order in which they were asked. */
function replicas() {
  const asked: { number: number; signal: AbortSignal; answer(value: string): void; fail(error: unknown): void }[] = []
  const attempt = (signal: AbortSignal, number: number) => {
    const { promise, resolve: answer, reject: fail } = Promise.withResolvers<string>()
    signal.addEventListener('abort', () => fail(signal.reason))
    asked.push({ number, signal, answer, fail })
    return promise
  }
  return { attempt, asked }
}

/** A hedged call that has begun: the second attempt after 50 ms, everything allowed; and how it stands. */
async function call(options: Partial<HedgeOptions<string>> = {}) {
  const { attempt, asked } = replicas()
  const result = hedge(attempt, { idempotent: true, latency: after(50), budget: always(true), ...options })
  result.catch(() => {})
  // Also for whoever begins a few microtasks later.
  await vi.advanceTimersByTimeAsync(0)
  return { asked, outcome: () => outcomeOf(result, 10) }
}

const expectTwo = (asked: unknown[]) =>
  expect(asked.length, 'the first was late or has failed, the second must be on its way').toBe(2)

/** What nobody has caught by the end of the test; in production, the first of it ends the process. */
function listenForUncaught() {
  const uncaught: unknown[] = []
  const keep = (error: unknown) => void uncaught.push(error)
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    const others = process.rawListeners(event) as (() => void)[]
    process.removeAllListeners(event).on(event, keep)
    onTestFinished(() => {
      process.off(event, keep)
      for (const other of others) process.on(event, other)
    })
  }
  return uncaught
}

/** Nothing happens any more: for the end of a test that has seen what it came for. */
const settle = async (asked: { answer(value: string): void }[]) => {
  for (const { answer } of asked) answer('at last')
  await vi.advanceTimersByTimeAsync(0)
}

describe('Step 1: Ask again when it is late', () => {
  test('sends one request when the answer is in time, and a second one when it is not', async () => {
    const fast = await call()
    await vi.advanceTimersByTimeAsync(49)
    fast.asked[0]?.answer('in time')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(fast.asked.length, 'the answer was there after 49 ms: why ask again?').toBe(1)
    expect(vi.getTimerCount(), 'the answer is there, and a timer still runs').toBe(0)

    const late = await call()
    await vi.advanceTimersByTimeAsync(49)
    expect(late.asked.length, 'the second request must not be sent before delayMs()').toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(
      late.asked.length,
      'delayMs() is over without an answer, and nobody else was asked: do you wait on the global setTimeout?',
    ).toBe(2)
    await settle(late.asked)
  })

  test('asks another replica, and says which attempt it is', async () => {
    const origins = ['http://pigeon-1', 'http://pigeon-2']
    const { attempt, asked } = replicas()
    const visited: string[] = []
    const visit = (signal: AbortSignal, number: number) => {
      visited.push(origins[(1 + number) % origins.length]!)
      return attempt(signal, number)
    }
    hedge(visit, { idempotent: true, latency: after(50), budget: always(true) })
    await vi.advanceTimersByTimeAsync(50)
    expect(visited, 'the attempts are numbered from 0, so that the caller can pick a replica for each').toEqual([
      'http://pigeon-2',
      'http://pigeon-1',
    ])
    await settle(asked)

    const four = await call({ maxAttempts: 4 })
    await vi.advanceTimersByTimeAsync(150)
    const numbers = four.asked.map(({ number }) => number)
    expect(numbers, 'of four attempts each has a number of its own: there may be as many replicas').toEqual([
      0, 1, 2, 3,
    ])
    await settle(four.asked)
  })

  test('takes the first success, whoever it is from', async () => {
    for (const winner of [1, 0]) {
      const { asked, outcome } = await call()
      await vi.advanceTimersByTimeAsync(50)
      asked[winner]?.answer(`from ${winner}`)
      expect(await outcome(), `attempt ${winner} has answered`).toEqual({
        status: 'fulfilled',
        value: `from ${winner}`,
      })
    }
  })

  test('asks no more than maxAttempts, two by default', async () => {
    for (const maxAttempts of [undefined, 1, 4]) {
      const { asked } = await call({ maxAttempts })
      await vi.advanceTimersByTimeAsync(1_000)
      expect(asked.length, `maxAttempts is ${maxAttempts}, and 1,000 ms went by with a delay of 50`).toBe(
        maxAttempts ?? 2,
      )
      expect(vi.getTimerCount(), 'the last attempt runs, and a timer with it: for what?').toBe(0)
      await settle(asked)
    }
  })

  test('never sends twice what must not be done twice', async () => {
    const booking = await call({ idempotent: false })
    const reading = await call({ idempotent: true })
    await vi.advanceTimersByTimeAsync(50)
    expect(reading.asked.length, 'twice is the same as once, and the answer is late').toBe(2)
    expect(booking.asked.length, 'not idempotent: the hedge would be a second parcel').toBe(1)
    booking.asked[0]!.fail(new Error('the connection broke'))
    await vi.advanceTimersByTimeAsync(0)
    expect(booking.asked.length, 'not idempotent: the booking may exist, whatever the error says').toBe(1)
    await settle(reading.asked)
  })
})

describe('Step 2: Stop the losers', () => {
  test('aborts the loser, with a reason of its own', async () => {
    for (const [winner, loser] of [
      [1, 0],
      [0, 1],
    ] as const) {
      const { asked } = await call()
      await vi.advanceTimersByTimeAsync(50)
      asked[winner]?.answer('first')
      await vi.advanceTimersByTimeAsync(0)
      expect(asked[loser]?.signal.aborted, `attempt ${winner} won, and attempt ${loser} works on for nobody`).toBe(true)
      expect(asked[loser]!.signal.reason, 'neither a timeout nor the caller: see shared/core/errors.ts').toBeInstanceOf(
        NotNeededError,
      )
      expect(asked[winner]!.signal.aborted, 'the winner must not be aborted: its body may still be read').toBe(false)
    }

    for (const winner of [0, 1, 2]) {
      const { asked } = await call({ maxAttempts: 3 })
      await vi.advanceTimersByTimeAsync(100)
      expect(asked.length, 'two were late: the third must be on its way').toBe(3)
      asked[winner]!.answer('first')
      await vi.advanceTimersByTimeAsync(0)
      const stopped = asked.map(({ signal }) => signal.aborted)
      expect(stopped, `of three, attempt ${winner} won: stop all the others, and only those`).toEqual(
        [0, 1, 2].map((number) => number !== winner),
      )
    }
  })

  test('leaves every attempt a signal of its own', async () => {
    const caller = new AbortController()
    const { asked } = await call({ signal: caller.signal })
    await vi.advanceTimersByTimeAsync(50)
    expectTwo(asked)
    expect(
      new Set([caller.signal, ...asked.map(({ signal }) => signal)]).size,
      'whoever shares a signal is aborted too',
    ).toBe(3)
    await settle(asked)
  })

  test('does not let what a loser throws become an unhandled rejection', async () => {
    const uncaught = listenForUncaught()
    const late: string[] = []
    const stubborn = async (_signal: AbortSignal, number: number) => {
      await sleep(number === 0 ? 200 : 20)
      if (number > 0) return 'first'
      late.push('thrown')
      throw new Error('late, and nobody waits')
    }
    const result = outcomeOf(hedge(stubborn, { idempotent: true, latency: after(50), budget: always(true) }), 10)
    await vi.advanceTimersByTimeAsync(70)
    expect(await result, 'the hedge has answered; the loser ignores its signal').toMatchObject({ value: 'first' })
    await vi.advanceTimersByTimeAsync(200)
    await outcomeOf(new Promise(() => {}), 5)
    expect(late, 'the loser has thrown by now').toEqual(['thrown'])
    expect(uncaught, 'an unhandled rejection ends the process').toEqual([])
  })

  test("is no failure to the loser's circuit breaker", async () => {
    const failures: unknown[] = []
    const { attempt, asked } = replicas()
    const guarded = async (signal: AbortSignal, number: number) => {
      try {
        return await attempt(signal, number)
      } catch (error) {
        if (!(error instanceof NotNeededError)) failures.push(error)
        throw error
      }
    }
    const result = hedge(guarded, { idempotent: true, latency: after(50), budget: always(true) })
    await vi.advanceTimersByTimeAsync(50)
    asked[1]?.answer('first')
    expect(await outcomeOf(result, 10), 'the hedge has answered').toMatchObject({ value: 'first' })
    await vi.advanceTimersByTimeAsync(0)
    expect(failures, 'a replica that was merely slower would have its circuit opened').toEqual([])
  })

  test('withdraws a hedge that still waits in a queue', async () => {
    const begun: number[] = []
    const sent: number[] = []
    const queue = Promise.withResolvers<void>()
    const pooled = async (signal: AbortSignal, number: number) => {
      begun.push(number)
      // The second replica has no free connection; who waits for one leaves the queue when aborted, as undici's pool has it.
      if (number === 1) {
        const gone = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        await Promise.race([queue.promise, gone])
      }
      sent.push(number)
      await sleep(70)
      return 'from the first'
    }
    const result = outcomeOf(hedge(pooled, { idempotent: true, latency: after(50), budget: always(true) }), 10)
    await vi.advanceTimersByTimeAsync(70)
    expect(await result, 'the first has answered').toMatchObject({ value: 'from the first' })
    expectTwo(begun)
    queue.resolve()
    await vi.advanceTimersByTimeAsync(200)
    expect(sent, 'a connection became free, and a request was sent on it that nobody needs').toEqual([0])
  })

  test("stops everything for its caller, with the caller's reason", async () => {
    const caller = new AbortController()
    const { asked, outcome } = await call({ signal: caller.signal, maxAttempts: 3 })
    await vi.advanceTimersByTimeAsync(50)
    expectTwo(asked)
    const reason = new Error('the checkout went home')
    caller.abort(reason)
    await vi.advanceTimersByTimeAsync(0)
    for (const { signal } of asked)
      expect(signal.reason, 'the caller went, and the attempts were not told').toBe(reason)
    expect(await outcome(), "the attempts were stopped; the call must end as well, with the caller's reason").toEqual({
      status: 'rejected',
      reason,
    })
    expect(vi.getTimerCount(), 'the caller went, and the next hedge is on its way').toBe(0)
    expect(getEventListeners(caller.signal, 'abort').length, "a listener is left on the caller's signal").toBe(0)
  })

  test('leaves nothing on the signal of its caller, however it ends', async () => {
    const caller = new AbortController()
    const expectNone = (when: string) =>
      expect(
        getEventListeners(caller.signal, 'abort').length,
        `${when}, and a listener is left on a signal that may never abort: { once: true } does not remove it`,
      ).toBe(0)

    const late = await call({ signal: caller.signal })
    await vi.advanceTimersByTimeAsync(50)
    expectTwo(late.asked)
    late.asked[1]!.answer('first')
    expect(await late.outcome(), 'the second has answered').toMatchObject({ value: 'first' })
    expectNone('there was an answer')

    for (const retryable of [true, false]) {
      const failed = await call({ signal: caller.signal, maxAttempts: 1, isRetryable: () => retryable })
      failed.asked[0]!.fail(new Error('connection refused'))
      expect(await failed.outcome(), 'the only attempt has failed').toMatchObject({ status: 'rejected' })
      expectNone(`the call has failed, ${retryable ? '' : 'not '}retryable`)
    }
  })

  test('does not begin for a caller who has already gone', async () => {
    const reason = new Error('too late')
    const budget = always(true)
    const { asked, outcome } = await call({ signal: AbortSignal.abort(reason), budget })
    expect(asked.length, 'an aborted signal fires no further event: ask it before you begin').toBe(0)
    expect(await outcome(), "the caller's reason, as it is").toEqual({ status: 'rejected', reason })
    expect(budget.deposit, 'nobody was asked, and yet it pays for a hedge').toHaveBeenCalledTimes(0)
  })
})

describe('Step 3: A failure is not a late answer', () => {
  test('asks the next replica at once when one has failed', async () => {
    const { asked, outcome } = await call()
    await vi.advanceTimersByTimeAsync(10)
    asked[0]!.fail(new Error('connection refused'))
    await vi.advanceTimersByTimeAsync(0)
    expect(asked.length, 'it failed after 10 ms: nothing will come of waiting for the other 40').toBe(2)
    asked[1]!.answer('from the other')
    expect(await outcome(), 'the second has answered').toEqual({ status: 'fulfilled', value: 'from the other' })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(asked.length, 'two were asked, and one of them has answered').toBe(2)

    const three = await call({ maxAttempts: 3 })
    await vi.advanceTimersByTimeAsync(50)
    expectTwo(three.asked)
    three.asked[0]!.fail(new Error('connection refused'))
    await vi.advanceTimersByTimeAsync(0)
    expect(three.asked.length, 'one of two has failed, and a third is allowed: ask it now, though one still runs').toBe(
      3,
    )
    await settle(three.asked)
  })

  test('waits for the other one when one of two has failed', async () => {
    for (const [failed, other] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { asked, outcome } = await call()
      await vi.advanceTimersByTimeAsync(50)
      expectTwo(asked)
      asked[failed]!.fail(new Error('connection reset'))
      expect(await outcome(), 'one has failed, one may still answer: a failure does not win the race').toEqual({
        status: 'pending',
      })
      asked[other]!.answer('from the other')
      expect(await outcome(), 'the other one has answered').toEqual({ status: 'fulfilled', value: 'from the other' })
    }
  })

  test('counts the delay of the next one from the last', async () => {
    let delayMs = 50
    const { asked } = await call({ maxAttempts: 4, latency: { ...after(50), delayMs: () => delayMs } })
    await vi.advanceTimersByTimeAsync(40)
    asked[0]!.fail(new Error('connection refused'))
    await vi.advanceTimersByTimeAsync(49)
    expect(asked.length, 'the second attempt began at 40 ms and is not late before 90').toBe(2)
    delayMs = 20
    await vi.advanceTimersByTimeAsync(1)
    expect(asked.length, 'the second attempt has had its 50 ms, and a third is allowed').toBe(3)
    await vi.advanceTimersByTimeAsync(20)
    expect(asked.length, 'delayMs() says 20 by now: ask it for each attempt, and not once a call').toBe(4)
    await settle(asked)
  })

  test('gives up at once on an error that no replica would mend', async () => {
    const { asked, outcome } = await call({ isRetryable: (error) => (error as Error).message !== 'fatal' })
    await vi.advanceTimersByTimeAsync(50)
    expectTwo(asked)
    const reason = new Error('fatal')
    asked[1]!.fail(reason)
    expect(await outcome(), 'not retryable: reject with the error itself').toEqual({ status: 'rejected', reason })
    expect(asked[0]!.signal.aborted, 'the call has failed, and an attempt works on for nobody').toBe(true)
    expect(
      asked[0]!.signal.reason,
      'whoever is stopped for the error of another did nothing wrong: NotNeededError',
    ).toBeInstanceOf(NotNeededError)

    for (const maxAttempts of [1, 2]) {
      const last = await call({ maxAttempts, isRetryable: (error) => error !== reason })
      if (maxAttempts > 1) last.asked[0]!.fail(new Error('connection refused'))
      await vi.advanceTimersByTimeAsync(0)
      last.asked.at(-1)!.fail(reason)
      expect(
        await last.outcome(),
        'the last attempt was told no: that is the answer, and no HedgeError around it',
      ).toEqual({
        status: 'rejected',
        reason,
      })
    }
  })

  test('takes a 503 for one replica’s trouble, and a 404 for an answer', async () => {
    for (const error of [
      new ResponseError('a 503', 503),
      new ResponseError('a 500', 500),
      new TypeError('fetch failed'),
      new DOMException('timed out', 'TimeoutError'),
      undefined,
    ]) {
      const { asked } = await call()
      asked[0]!.fail(error)
      await vi.advanceTimersByTimeAsync(0)
      expect(asked.length, `${error} is retryable by default: the other replica may well be up`).toBe(2)
      await settle(asked)
    }
    for (const status of [302, 404, 408, 429]) {
      const { asked, outcome } = await call()
      const reason = new ResponseError('no', status)
      asked[0]!.fail(reason)
      expect(await outcome(), `${status} is below 500, and an answer: reject with the error itself`).toEqual({
        status: 'rejected',
        reason,
      })
      expect(asked.length, `${status} is below 500, and no better from another replica`).toBe(1)
    }
  })

  test('tells every cause when all have failed', async () => {
    await vi.advanceTimersByTimeAsync(1_000)
    const { asked, outcome } = await call()
    await vi.advanceTimersByTimeAsync(50)
    const errors = [new Error('connection reset'), new Error('connection refused')]
    asked[1]?.fail(errors[1])
    await vi.advanceTimersByTimeAsync(30)
    vi.setSystemTime(Date.now() + 3_600_000)
    asked[0]!.fail(errors[0])
    const { reason } = (await outcome()) as { reason: HedgeError }
    expect(reason, 'all have failed: a HedgeError').toBeInstanceOf(HedgeError)
    expect(reason.errors, 'each cause, in the order in which the attempts began').toEqual(errors)
    expect(reason.attempts, 'attempts, the first included').toBe(2)
    expect(
      reason.elapsedMs,
      'from the beginning of the call to its end, in ms, by the global performance.now(); the wall clock was set meanwhile',
    ).toBeCloseTo(80)
    expect(vi.getTimerCount(), 'nothing is left to wait for').toBe(0)

    for (const alone of [{ maxAttempts: 1 }, { idempotent: false }]) {
      const only = await call(alone)
      only.asked[0]!.fail(errors[0])
      expect(await only.outcome(), 'the only attempt has failed, so all have: a HedgeError').toMatchObject({
        reason: { code: 'HEDGE_FAILED', errors: [errors[0]], attempts: 1 },
      })
    }
  })
})

describe('Step 4: Somebody has to pay', () => {
  test("allows no more hedges than the budget's share of the calls", () => {
    for (const options of [{ ratio: 0.1 }, { ratio: 0.3 }, { ratio: 0.7 }, { ratio: 1 }, { ratio: 0 }, {}]) {
      const { ratio = 0.05 } = options
      const budget = new HedgeBudget(options)
      let hedges = 0
      for (let calls = 1; calls <= 1_000; calls++) {
        budget.deposit()
        if (budget.tryWithdraw()) hedges++
        if (hedges <= calls * ratio + 1e-9) continue
        expect.fail(`after ${calls} calls that are all late, with a ratio of ${ratio}, there were ${hedges} hedges`)
      }
      expect(hedges, `1,000 calls were late, with a ratio of ${ratio}`).toBeGreaterThanOrEqual(1_000 * ratio - 1)
    }
  })

  test('begins with nothing, and saves up no more than a burst', () => {
    for (const options of [{ ratio: 0.05, burst: 3 }, {}]) {
      const budget = new HedgeBudget(options)
      expect(budget.tryWithdraw(), 'not one call has been made, and there is something to spend already').toBe(false)
      for (let i = 0; i < 10_000; i++) budget.deposit()
      const granted = Array.from({ length: 50 }, () => budget.tryWithdraw()).filter(Boolean).length
      expect(
        granted,
        'the night was quiet: the morning starts with `burst`, 10 by default, not with the savings of the night',
      ).toBe(options.burst ?? 10)
    }
  })

  test('counts each call, and pays for each hedge', async () => {
    const budget = always(true)
    const { asked } = await call({ budget, maxAttempts: 3 })
    expect(budget.deposit, 'each call pays in once, as it begins: budget.deposit()').toHaveBeenCalledTimes(1)
    expect(budget.tryWithdraw, 'the first attempt is nobody’s hedge').toHaveBeenCalledTimes(0)
    await vi.advanceTimersByTimeAsync(10)
    asked[0]!.fail(new Error('connection refused'))
    await vi.advanceTimersByTimeAsync(0)
    expect(budget.tryWithdraw, 'an attempt after a failure is extra load as well').toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(50)
    expect(budget.tryWithdraw, 'the second attempt was late, and its hedge is paid for too').toHaveBeenCalledTimes(2)
    expect(budget.deposit, 'the hedges of a call are no calls, or they would pay for each other').toHaveBeenCalledTimes(
      1,
    )
    await settle(asked)
  })

  test('keeps waiting when the budget says no', async () => {
    const budget = always(false)
    const { asked, outcome } = await call({ budget })
    await vi.advanceTimersByTimeAsync(60)
    expect(budget.tryWithdraw, 'ask the budget when a hedge is due').toHaveBeenCalledTimes(1)
    expect(asked.length, 'the budget said no').toBe(1)
    expect(await outcome(), 'no hedge is no error: the first attempt is still on its way').toEqual({
      status: 'pending',
    })
    asked[0]!.answer('late, but there')
    expect(await outcome(), 'it has answered: the budget has no say in that').toEqual({
      status: 'fulfilled',
      value: 'late, but there',
    })
    expect(vi.getTimerCount(), 'the answer is there, and a timer still asks for another one').toBe(0)
  })

  test('fails, and does not hang, when the budget says no and nobody is left', async () => {
    const { asked, outcome } = await call({ budget: always(false) })
    const error = new Error('connection refused')
    asked[0]!.fail(error)
    expect(await outcome(), 'no attempt runs, and none may begin').toMatchObject({
      status: 'rejected',
      reason: { code: 'HEDGE_FAILED', errors: [error], attempts: 1 },
    })
    expect(vi.getTimerCount(), 'the call has failed, and the timer of its hedge still runs').toBe(0)

    const budget = always(true)
    const three = await call({ budget, maxAttempts: 3 })
    await vi.advanceTimersByTimeAsync(50)
    expectTwo(three.asked)
    budget.tryWithdraw.mockReturnValue(false)
    for (const { fail } of three.asked) fail(error)
    expect(await three.outcome(), 'two of three have failed, and the budget says no to the third').toMatchObject({
      status: 'rejected',
      reason: { code: 'HEDGE_FAILED', errors: [error, error], attempts: 2 },
    })
  })

  test('keeps to its budget when the backend becomes ten times slower', async () => {
    const calls = 120
    const budget = new HedgeBudget({ ratio: 0.1 })
    let begun = 0
    let answered = 0
    let hedges = 0
    const ask = async (signal: AbortSignal, number: number) => {
      if (number > 0) hedges++
      await sleep(begun > 30 ? 160 : 16, signal)
      return 'ok'
    }
    while (begun < calls) {
      begun++
      hedge(ask, { idempotent: true, latency: after(50), budget }).then(() => answered++)
      if (begun % 10 === 0) await vi.advanceTimersByTimeAsync(10)
    }
    await vi.advanceTimersByTimeAsync(400)
    expect(answered, 'each call has its answer, hedged or not').toBe(calls)
    expect(
      hedges,
      'since the 30th call all are late: hedge those for which there is a budget. None? Then no call pays in',
    ).toBeGreaterThan(calls * 0.06)
    expect(hedges, 'all are late, and all are hedged: just when the backend can bear it least').toBeLessThanOrEqual(
      calls * 0.1,
    )
  })
})

/** Numbers from 0 to 1 in an order that is always the same, and evenly spread. */
const spread = (count: number) => Array.from({ length: count }, (_, i) => (i * 0.618034) % 1)

describe('Step 5: When is late?', () => {
  test('does not hedge before it knows what is normal', async () => {
    for (const options of [{ minSamples: 20 }, {}]) {
      const { minSamples = 100 } = options
      const latency = new LiveLatency(options)
      for (let i = 1; i < minSamples; i++) latency.record(10)
      latency.recordCensored(10)
      expect(latency.delayMs(), `one answer less than ${minSamples}: Infinity is "do not hedge"`).toBe(Infinity)
      const { asked } = await call({ latency })
      await vi.advanceTimersByTimeAsync(60_000)
      expect(asked.length, 'a delay of Infinity: setTimeout would take it for 1 ms').toBe(1)
      asked[0]!.answer('in its own time')
      await vi.advanceTimersByTimeAsync(0)
      expect(latency.delayMs(), `answer ${minSamples} is in`).toBeLessThan(66_000)
    }
    const refused = await call({ latency: after(Infinity) })
    refused.asked[0]!.fail(new Error('connection refused'))
    await vi.advanceTimersByTimeAsync(0)
    expect(refused.asked.length, 'it has failed: there is nothing to wait for, so no delay to know').toBe(2)
    await settle(refused.asked)
  })

  test('waits for as long as the given percentage of the answers takes', () => {
    for (const percentile of [50, 90, 95, 99]) {
      for (const slowestMs of [100, 30_000]) {
        const latency = new LiveLatency({ percentile })
        for (const share of spread(900)) latency.record(slowestMs * share)
        const which = `p${percentile} of answers between 0 and ${slowestMs} ms, give or take a tenth`
        expect(latency.delayMs() / slowestMs, which).toBeGreaterThan(0.009 * percentile)
        expect(latency.delayMs() / slowestMs, which).toBeLessThan(0.011 * percentile)
      }
    }
    const lowest = new LiveLatency({ percentile: 1 })
    for (const share of spread(900)) lowest.record(100 * share)
    expect(lowest.delayMs(), 'p1 of answers between 0 and 100 ms: a percentage, and no share').toBeLessThan(10)
    const latency = new LiveLatency()
    for (let i = 0; i < 500; i++) latency.record(i % 100 < 92 ? 10 : i % 100 < 97 ? 50 : 200)
    const when = 'of 100 answers 92 took 10 ms, 5 took 50 and 3 took 200; the default is p95'
    expect(latency.delayMs(), when).toBeGreaterThan(45)
    expect(latency.delayMs(), when).toBeLessThan(55)
  })

  test('never waits for less than a millisecond', () => {
    const latency = new LiveLatency()
    for (const share of spread(200)) latency.record(share / 10)
    expect(
      latency.delayMs(),
      'all answers took less than 0.1 ms: a hedge after that would be one for every call',
    ).toBeGreaterThanOrEqual(1)
    expect(latency.delayMs(), 'the floor is 1 ms').toBeLessThan(1.1)
  })

  test('knows what is normal now, not what was', () => {
    const latency = new LiveLatency({ window: 200 })
    for (const normalMs of [10, 100, 10]) {
      for (let i = 0; i < 2_000; i++) latency.record(normalMs)
      expect(latency.delayMs(), `the last 2,000 answers took ${normalMs} ms, and the window is 200`).toBeGreaterThan(
        normalMs * 0.9,
      )
      expect(latency.delayMs(), `the last 2,000 answers took ${normalMs} ms`).toBeLessThan(normalMs * 1.1)
    }
    for (let i = 0; i < 2_000; i++) latency.recordCensored(1_000)
    for (let i = 0; i < 2_000; i++) latency.record(10)
    expect(latency.delayMs(), 'what was cancelled 2,000 answers ago still counts: it must fade as well').toBeLessThan(
      11,
    )

    for (const options of [{ window: 200 }, { window: 5_000 }, {}]) {
      const { window = 1_000 } = options
      const median = new LiveLatency({ percentile: 50, ...options })
      const record = (count: number, ms: number) => {
        for (let i = 0; i < count; i++) median.record(ms)
      }
      record(5 * window, 10)
      record(window / 4, 100)
      expect(median.delayMs(), `a quarter of a window of ${window} is not yet the normal case`).toBeLessThan(11)
      record(2 * window, 100)
      expect(median.delayMs(), `the last two windows of ${window} are`).toBeGreaterThan(90)
    }

    const steady = new LiveLatency({ percentile: 50, window: 100 })
    for (const [i, share] of spread(400).entries()) {
      steady.record(100 * share)
      if (i < 100) continue
      const when = `after ${i + 1} answers between 0 and 100 ms, with a window of 100`
      expect(steady.delayMs(), `${when}: forget little by little, never all at once`).toBeGreaterThan(35)
      expect(steady.delayMs(), `${when}: forget little by little, never all at once`).toBeLessThan(65)
    }
  })

  test('is told how long each success took, from the beginning of its own attempt', async () => {
    const latency = after(50)
    const { asked, outcome } = await call({ latency })
    await vi.advanceTimersByTimeAsync(30)
    vi.setSystemTime(Date.now() + 3_600_000)
    asked[0]!.answer('in time')
    await outcome()
    expect(
      latency.record.mock.calls,
      'the first attempt took 30 ms by the global performance.now(); the wall clock was set meanwhile',
    ).toEqual([[30]])

    const late = await call({ latency })
    await vi.advanceTimersByTimeAsync(57)
    late.asked[1]!.answer('hedged')
    await late.outcome()
    expect(latency.record.mock.calls, 'the hedge began at 50 ms and took 7').toEqual([[30], [7]])
  })

  test('tells how long a loser had run when it was cancelled', async () => {
    const latency = after(50)
    const deaf = async (_signal: AbortSignal, number: number) => {
      await sleep(number === 0 ? 500 : 7)
      return number
    }
    const result = hedge(deaf, { idempotent: true, latency, budget: always(true) })
    await vi.advanceTimersByTimeAsync(57)
    expect(
      latency.recordCensored.mock.calls,
      'it had run for 57 ms without an answer: tell so now, whether it listens or not',
    ).toEqual([[57]])
    await result
    await vi.advanceTimersByTimeAsync(500)
    expect(latency.recordCensored, 'one loser, one sample').toHaveBeenCalledTimes(1)
    expect(latency.record.mock.calls, 'what a loser says later is no answer to anybody').toEqual([[7]])
  })

  test('does not forget the slow because they were cancelled', () => {
    const latency = new LiveLatency({ percentile: 90 })
    for (const [i, share] of spread(900).entries()) {
      if (i % 5 === 0) latency.recordCensored(45)
      else latency.record(5 + 5 * share)
    }
    expect(latency.delayMs(), 'a fifth took more than 45 ms, so 90 in 100 do not take less').toBeGreaterThan(40.5)
    expect(
      latency.delayMs(),
      'nothing is known beyond 45 ms; whoever never hedges then, stops when a tenth is slow: take the longest seen',
    ).toBeLessThan(49.5)
  })
})

describe('Step 6: The winner still has something to say', () => {
  test('leaves nothing on the signal of its caller when the winner is read', async () => {
    for (const read of [async () => 'body', () => Promise.reject(new Error('no JSON'))]) {
      const caller = new AbortController()
      const { asked, outcome } = await call({ signal: caller.signal, read })
      await vi.advanceTimersByTimeAsync(50)
      expectTwo(asked)
      asked[1]!.answer('headers')
      expect((await outcome()).status, 'the winner was read, or it could not be').not.toBe('pending')
      expect(
        getEventListeners(caller.signal, 'abort').length,
        "the winner's body is read, and a listener is left on a signal that may never abort",
      ).toBe(0)
    }
  })
})

describe('Step 7: What comes too late', () => {
  test('tells how long the winner took before its body, not after', async () => {
    const latency = after(50)
    const body = Promise.withResolvers<string>()
    const { asked, outcome } = await call({ latency, read: () => body.promise })
    await vi.advanceTimersByTimeAsync(57)
    expectTwo(asked)
    asked[1]!.answer('headers')
    await vi.advanceTimersByTimeAsync(30)
    expect(
      latency.record.mock.calls,
      'the headers took 7 ms, the body is still open: record before you read, as no hedge would help against a slow body',
    ).toEqual([[7]])
    body.resolve('body')
    expect(await outcome(), 'the body is read').toEqual({ status: 'fulfilled', value: 'body' })
    expect(latency.record, 'one answer, one sample').toHaveBeenCalledTimes(1)
  })

  test('does not keep its caller for a read that is deaf to its signal', async () => {
    const caller = new AbortController()
    const latency = after(50)
    const discard = vi.fn()
    const read = () => new Promise<never>(() => {})
    const { asked, outcome } = await call({ signal: caller.signal, latency, discard, read })
    await vi.advanceTimersByTimeAsync(50)
    expectTwo(asked)
    asked[1]!.answer('headers')
    expect(await outcome(), 'the headers are there, the body is not').toEqual({ status: 'pending' })
    const reason = new Error('the checkout went home')
    caller.abort(reason)
    expect(await outcome(), '`read` ignores the abort, and the caller waits on: reject for it yourself').toEqual({
      status: 'rejected',
      reason,
    })
    expect(asked[1]!.signal.reason, 'the winner is no loser: it is told why its caller went').toBe(reason)
    expect(latency.recordCensored.mock.calls, 'the winner had answered: only the loser is censored').toEqual([[50]])
    expect(discard.mock.calls.length, 'the winner is being read already: each value is either read or discarded').toBe(
      0,
    )
  })

  test('ends when read fails, also at once, and asks nobody else', async () => {
    const uncaught = listenForUncaught()
    const reason = new Error('not what was asked for')
    for (const read of [
      async () => Promise.reject(reason),
      () => {
        throw reason
      },
    ]) {
      const { asked, outcome } = await call({ maxAttempts: 3, read })
      await vi.advanceTimersByTimeAsync(50)
      expectTwo(asked)
      asked[1]!.answer('headers')
      expect(await outcome(), '`read` may throw at once as well as reject: either ends the call').toEqual({
        status: 'rejected',
        reason,
      })
      expect(asked.length, 'a replica has answered, and cannot be asked to have answered otherwise').toBe(2)
      expect(asked[1]!.signal.reason, 'what is left of the winner is stopped, by the error of `read`').toBe(reason)
    }
    expect(uncaught, '`read` is called where nobody catches what it throws').toEqual([])
  })

  test('closes an answer that comes too late to win', async () => {
    const uncaught = listenForUncaught()
    const discarded: string[] = []
    // Not a vi.fn(), which looks at what its function rejects with: that would then count as caught.
    const discard = (late: string) => {
      discarded.push(late)
      if (late === 'late') return Promise.reject(new Error('it was closed already'))
      throw new Error('it was closed already, and says so at once')
    }
    const settled = () => outcomeOf(new Promise(() => {}), 5)
    const options = { idempotent: true, latency: after(50), budget: always(true), discard }
    const deaf = Array.from({ length: 3 }, () => Promise.withResolvers<string>())

    const result = outcomeOf(
      hedge((_, number) => deaf[number]!.promise, options),
      20,
    )
    await vi.advanceTimersByTimeAsync(50)
    deaf[1]!.resolve('first')
    expect(await result, 'the second has answered').toEqual({ status: 'fulfilled', value: 'first' })
    deaf[0]!.resolve('late')
    await settled()
    expect(discarded, 'a response that nobody reads holds its socket: discard the late one, and only that').toEqual([
      'late',
    ])

    const caller = new AbortController()
    const left = outcomeOf(
      hedge(() => deaf[2]!.promise, { ...options, signal: caller.signal }),
      20,
    )
    caller.abort()
    await left
    deaf[2]!.resolve('for nobody')
    await settled()
    expect(discarded, 'the caller has gone: what still comes is late as well').toEqual(['late', 'for nobody'])

    const latency = after(50)
    const read = vi.fn((winner: string) => winner)
    const [refused, stubborn] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
    const isRetryable = () => false
    const failed = outcomeOf(
      hedge((_, number) => [refused, stubborn][number]!.promise, { ...options, latency, read, isRetryable }),
      20,
    )
    await vi.advanceTimersByTimeAsync(50)
    refused.reject(new Error('no such parcel'))
    expect((await failed).status, 'a fatal error ends the call').toBe('rejected')
    stubborn.resolve('after the end')
    await settled()
    expect(discarded, 'the call has failed: what still comes is late as well').toEqual([
      'late',
      'for nobody',
      'after the end',
    ])
    expect(read.mock.calls, 'the call has failed, and its late answer is read for nobody').toEqual([])
    expect(latency.record.mock.calls, 'the call has failed: a late answer is no success').toEqual([])
    expect(uncaught, 'what discard throws, or its promise rejects with, must not end the process').toEqual([])
  })

  test('neither loses nor breaks an answer when its caller goes at that very moment', async () => {
    const read = async (winner: string) => void taken.push(`${winner}, read`)
    const discard = (late: string) => void taken.push(`${late}, discarded`)
    const taken: string[] = []
    for (const options of [{}, { read }]) {
      for (let turns = 0; turns <= 10; turns++) {
        const caller = new AbortController()
        const { asked, outcome } = await call({ signal: caller.signal, discard, ...(options as object) })
        asked[0]!.answer('headers')
        for (let i = 0; i < turns; i++) await null
        caller.abort(new Error('the checkout went home'))
        const { status } = await outcome()
        const what = taken.splice(0)
        const when = `with${'read' in options ? '' : 'out'} \`read\`, the caller goes ${turns} microtasks after the answer`
        if ('read' in options) {
          expect(what.length, `${when}, which is to be read or discarded; it was: ${what}`).toBe(1)
        } else if (status === 'fulfilled') {
          expect(asked[0]!.signal.aborted, `${when}, and is given what was aborted: its body would be torn`).toBe(false)
          expect(what, `${when}, and is given what was discarded`).toEqual([])
        } else {
          expect(what, `${when}, and is not given it: nobody will close it, unless you discard it`).toEqual([
            'headers, discarded',
          ])
        }
      }
    }
  })

  test('leaves the winner alone when a loser fails while it is read', async () => {
    for (const error of [new Error('connection reset'), new ResponseError('no such parcel', 404)]) {
      const body = Promise.withResolvers<string>()
      const deaf = Array.from({ length: 3 }, () => Promise.withResolvers<string>())
      const asked: AbortSignal[] = []
      const attempt = (signal: AbortSignal, number: number) => {
        asked.push(signal)
        return deaf[number]!.promise
      }
      const options = { idempotent: true, latency: after(50), budget: always(true), maxAttempts: 3 }
      const result = hedge(attempt, { ...options, read: () => body.promise })
      result.catch(() => {})
      await vi.advanceTimersByTimeAsync(50)
      expectTwo(asked)
      deaf[1]!.resolve('headers')
      await vi.advanceTimersByTimeAsync(0)
      deaf[0]!.reject(error)
      expect(await outcomeOf(result, 5), `the winner is being read, and a loser fails: ${error}`).toEqual({
        status: 'pending',
      })
      expect(asked.length, 'there is a winner, and another replica was asked').toBe(2)
      expect(asked[1]!.aborted, 'the winner is being read, and was cut off for what a loser says').toBe(false)
      body.resolve('body')
      expect(await outcomeOf(result, 10), 'the body is there').toEqual({ status: 'fulfilled', value: 'body' })
    }
  })
})

describe('Step 8: More than, not equal to', () => {
  test('does not take a failure for a quick answer', async () => {
    const latency = after(50)
    const failed = await call({ latency })
    await vi.advanceTimersByTimeAsync(3)
    failed.asked[0]!.fail(new Error('connection refused'))
    await vi.advanceTimersByTimeAsync(0)
    expect(latency.recordCensored.mock.calls, 'refused after 3 ms: an answer would have taken longer').toEqual([[3]])
    await settle(failed.asked)

    const caller = new AbortController()
    const left = await call({ latency, signal: caller.signal })
    await vi.advanceTimersByTimeAsync(20)
    caller.abort()
    await left.outcome()
    expect(latency.recordCensored.mock.calls, 'the caller left after 20 ms: an answer would have taken longer').toEqual(
      [[3], [20]],
    )

    const told = after(50)
    const missing = await call({ latency: told })
    await vi.advanceTimersByTimeAsync(60)
    expectTwo(missing.asked)
    missing.asked[1]!.fail(new ResponseError('no such parcel', 404))
    await missing.outcome()
    expect(
      told.recordCensored.mock.calls.toSorted(),
      'the second was told 404 after 10 ms, a failure like any other, and the first was stopped for it after 60',
    ).toEqual([[10], [60]])
    expect(told.record.mock.calls, 'neither was a success').toEqual([])
  })

  test('does not take a hedge that was cancelled early for a quick answer', () => {
    const latency = new LiveLatency({ percentile: 90 })
    for (const [i, share] of spread(900).entries()) {
      if (i % 3 === 0) latency.record(100 * share)
      else latency.recordCensored(2)
    }
    expect(
      latency.delayMs(),
      'two thirds were cancelled after 2 ms, which says nothing about the time after that',
    ).toBeGreaterThan(80)
    expect(latency.delayMs(), '90 of 100 answers took less than 90 ms').toBeLessThan(100)

    const median = new LiveLatency({ percentile: 50 })
    for (const [i, share] of spread(900).entries()) {
      const answerMs = 100 * share
      const cancelMs = 100 * ((i * 0.754878) % 1)
      if (answerMs <= cancelMs) median.record(answerMs)
      else median.recordCensored(cancelMs)
    }
    const half = 'half of the answers take 50 ms; each was cancelled at a moment that has nothing to do with it'
    expect(median.delayMs(), `${half}: neither drop those nor count them as answers`).toBeGreaterThan(45)
    expect(median.delayMs(), `${half}: neither drop those nor count them as answers`).toBeLessThan(55)
  })

  test('learns nothing about answers from an outage that refuses at once', () => {
    const latency = new LiveLatency({ percentile: 90 })
    for (const share of spread(1_000)) latency.record(40 + 10 * share)
    for (let i = 0; i < 30_000; i++) latency.recordCensored(1)
    expect(
      latency.delayMs(),
      'answers took 40 to 50 ms; 30,000 refusals in 1 ms are no answers: keep to what is known, or do not hedge',
    ).toBeGreaterThan(44)
    latency.record(3)
    expect(latency.delayMs(), 'and the first answer after that is one, and not all that is known').toBeGreaterThan(44)
    for (let i = 0; i < 4_000; i++) latency.record(80)
    expect(latency.delayMs(), '4,000 answers later, the outage is forgotten').toBeGreaterThan(72)
    expect(latency.delayMs(), '4,000 answers later, the outage is forgotten').toBeLessThan(88)
  })
})

describe('Step 9: More than two, and nonsense', () => {
  test('asks the budget again after another delay', async () => {
    const budget = always(false)
    const { asked } = await call({ budget })
    await vi.advanceTimersByTimeAsync(50)
    budget.tryWithdraw.mockReturnValue(true)
    await vi.advanceTimersByTimeAsync(49)
    expect(asked.length, 'denied at 50 ms: not before 100').toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked.length, 'after 100 ms it is later still, and by now there is a budget').toBe(2)
    await settle(asked)

    const poor = always(true)
    const three = await call({ budget: poor, maxAttempts: 3 })
    await vi.advanceTimersByTimeAsync(50)
    poor.tryWithdraw.mockReturnValue(false)
    three.asked[0]!.fail(new Error('connection refused'))
    await vi.advanceTimersByTimeAsync(10)
    expect(three.asked.length, 'one has failed, and the budget said no').toBe(2)
    poor.tryWithdraw.mockReturnValue(true)
    await vi.advanceTimersByTimeAsync(50)
    expect(three.asked.length, 'denied after a failure, while another runs: ask again when that one is late').toBe(3)
    await settle(three.asked)
  })

  test('asks the budget for nothing that it does not send', async () => {
    const budget = always(true)
    const { asked, outcome } = await call({ budget, maxAttempts: 2 })
    await vi.advanceTimersByTimeAsync(50)
    expectTwo(asked)
    for (const { fail } of asked) fail(new Error('connection refused'))
    await outcome()
    const booking = await call({ budget, idempotent: false })
    await vi.advanceTimersByTimeAsync(200)
    const missing = await call({ budget })
    missing.asked[0]!.fail(new ResponseError('no such parcel', 404))
    await missing.outcome()
    expect(
      budget.tryWithdraw,
      'one hedge was sent, and one is paid for: none for the booking, and none for the 404, which ends its call',
    ).toHaveBeenCalledTimes(1)
    expect(budget.deposit, 'a booking is never hedged, but load like any other: it pays in').toHaveBeenCalledTimes(3)
    await settle(booking.asked)
  })

  test('does not hedge early for a delay that setTimeout cannot hold', async () => {
    const normal = await call({ latency: after(50) })
    await vi.advanceTimersByTimeAsync(50)
    expect(normal.asked.length, 'delayMs() is over').toBe(2)
    await settle(normal.asked)
    const impatient = await call({ latency: after(0) })
    await vi.advanceTimersByTimeAsync(1)
    expect(impatient.asked.length, 'delayMs() is 0: a delay like any other').toBe(2)
    await settle(impatient.asked)
    for (const delayMs of [2 ** 31, Infinity, NaN, -1]) {
      const { asked } = await call({ latency: after(delayMs) })
      await vi.advanceTimersByTimeAsync(50)
      expect(asked.length, `delayMs() is ${delayMs}: that is "do not hedge", but setTimeout takes it for 1 ms`).toBe(1)
      await settle(asked)
    }
  })

  test('turns a synchronous throw into a failure like any other', async () => {
    const numbers: number[] = []
    const throws = (_signal: AbortSignal, number: number) => {
      numbers.push(number)
      throw new Error(`not even a promise, ${number}`)
    }
    const result = hedge(throws, { idempotent: true, latency: after(50), budget: always(true) })
    expect(await outcomeOf(result, 10), 'it threw where a promise was expected').toMatchObject({
      reason: { code: 'HEDGE_FAILED', attempts: 2 },
    })
    expect(numbers, 'another replica may still be asked').toEqual([0, 1])
  })

  test('fails with the error of the attempt when isRetryable itself throws', async () => {
    const uncaught = listenForUncaught()
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => emitWarning.mockRestore())
    for (const reason of [new Error('connection refused'), undefined]) {
      const isRetryable = (error: unknown) => (error as { cause: { code: string } }).cause.code === 'ECONNREFUSED'
      const { asked, outcome } = await call({ isRetryable })
      await vi.advanceTimersByTimeAsync(50)
      expectTwo(asked)
      asked[0]!.fail(reason)
      const end = await outcome()
      expect(uncaught, 'an async function that nobody awaits needs a catch: this would end the process').toEqual([])
      expect(end, 'the TypeError of isRetryable must not hide why the call has failed').toEqual({
        status: 'rejected',
        reason,
      })
      expect(asked[1]!.signal.aborted, 'the call has failed, and an attempt works on for nobody').toBe(true)
      expect(String(emitWarning.mock.lastCall?.[0]), 'a warning tells what isRetryable threw').toContain('TypeError')
    }
  })

  test('does not lose an answer, or the process, to a latency or a budget that throws', async () => {
    const uncaught = listenForUncaught()
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => emitWarning.mockRestore())
    const throwing = <O extends object>(options: O, name: string): O => {
      const broken = () => {
        throw new Error(`${name} is out of range`)
      }
      return name in options ? { ...options, [name]: broken } : options
    }
    for (const name of ['delayMs', 'record', 'recordCensored', 'deposit', 'tryWithdraw']) {
      const begin = (caller?: AbortController) =>
        call({
          signal: caller?.signal,
          maxAttempts: 3,
          latency: throwing(after(50), name),
          budget: throwing(always(true), name),
        })
      const { asked, outcome } = await begin()
      const went = await outcomeOf(vi.advanceTimersByTimeAsync(100))
      expect(went.status, `${name} throws out of a timer: that ends the process`).toBe('fulfilled')
      if (name === 'delayMs' || name === 'tryWithdraw')
        expect(asked.length, `${name} throws: without its word there is no hedge`).toBe(1)
      asked.at(-1)?.answer('there')
      expect(
        await outcome(),
        `${name} throws, and the answer is there: a bug in it may cost a hedge, but no answer`,
      ).toEqual({ status: 'fulfilled', value: 'there' })
      for (const { signal } of asked.slice(0, -1))
        expect(signal.aborted, `${name} throws, and a loser works on for nobody`).toBe(true)
      expect(String(emitWarning.mock.lastCall?.[0]), `a warning tells what ${name} threw`).toContain(name)

      const caller = new AbortController()
      const left = await begin(caller)
      await vi.advanceTimersByTimeAsync(100)
      const reason = new Error('the checkout went home')
      caller.abort(reason)
      expect(await left.outcome(), `${name} throws, and the caller who goes is kept`).toEqual({
        status: 'rejected',
        reason,
      })
      for (const { signal } of left.asked)
        expect(signal.aborted, `${name} throws, and an attempt works on for nobody`).toBe(true)
    }
    expect(uncaught, 'this would end the process').toEqual([])
  })

  test('remembers any number of answers in the space of a few', () => {
    setFlagsFromString('--expose-gc')
    const gc: () => void = runInNewContext('gc')
    const used = () => {
      gc()
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      return heapUsed + arrayBuffers
    }
    const latency = new LiveLatency()
    for (let i = 0; i < 10_000; i++) latency.record(10)
    const before = used()
    // By many, as what else comes and goes in this process is some hundred kilobytes.
    for (let i = 0; i < 400_000; i++) {
      if (i % 2 === 0) latency.record(40)
      else latency.recordCensored(20)
    }
    expect(used() - before, 'bytes kept for 400,000 samples: keep counts, or only the latest').toBeLessThan(500_000)
    expect(latency.delayMs(), 'the last 200,000 answers took 40 ms').toBeGreaterThan(36)
  })

  test('refuses options that make no sense, by name', async () => {
    const nonsense: Record<string, unknown[]> = {
      maxAttempts: [0, 0.5, 2.5, -1, NaN, '2'],
      ratio: [-0.1, 1.1, NaN, '0.1'],
      burst: [0, 2.5, NaN, '10'],
      percentile: [0, 100, NaN, '95'],
      minSamples: [0, 1.5, NaN, '100'],
      window: [1, 2.5, NaN, '1000'],
    }
    const refusalOf = async (name: string, value: unknown): Promise<unknown> => {
      try {
        if (name !== 'maxAttempts')
          return void new (name in { ratio: 0, burst: 0 } ? HedgeBudget : LiveLatency)({ [name]: value })
        const { outcome } = await call({ maxAttempts: value as number })
        const end = await outcome()
        return end.status === 'rejected' ? end.reason : undefined
      } catch (error) {
        return name === 'maxAttempts' ? new Error(`thrown, where a promise was promised: ${error}`) : error
      }
    }
    const wrong: string[] = []
    for (const [name, values] of Object.entries(nonsense)) {
      for (const value of values) {
        const refusal = await refusalOf(name, value)
        if (refusal instanceof RangeError && refusal.message.includes(name)) continue
        wrong.push(`${name}: ${inspect(value)} -> ${refusal ?? 'accepted'}`)
      }
    }
    expect(wrong, 'each of these takes a RangeError that names the option').toEqual([])

    const edges = () => [
      ...[0, 1].map((ratio) => new HedgeBudget({ ratio, burst: 1 })),
      ...[0.1, 99.9].map((percentile) => new LiveLatency({ percentile, minSamples: 1, window: 2 })),
    ]
    expect(edges, 'the bounds themselves are in bounds').not.toThrow()
  })
})
