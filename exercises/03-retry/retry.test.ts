import { type Backoff, decorrelatedJitter, equalJitter, fullJitter } from '#chapters/03-retry/backoff.ts'
import { RetryBudget } from '#chapters/03-retry/budget.ts'
import { requestWithRetry } from '#chapters/03-retry/http.ts'
import { parseRetryAfter, retryAfterMs } from '#chapters/03-retry/retry-after.ts'
import { retry, type RetryOptions } from '#chapters/03-retry/retry.ts'
import { isRepeatable, isTransient } from '#chapters/03-retry/retryable.ts'
import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { type Dispatcher, errors } from 'undici'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { CircuitOpenError, ResponseError, RetryError, TimeoutError } from '../../shared/core/errors.ts'
import { seededRandom } from '../../shared/core/random.ts'
import { clockLeaps } from '../../shared/testing/clock.ts'
import { type Outcome, outcomeOf } from '../../shared/testing/outcome.ts'

let answers = 0

beforeEach(() => {
  vi.useFakeTimers()
  // Outside of tests, no clock that one looks at stands at 0.
  vi.advanceTimersByTime(5_000)
  answers = 0
})

const silence = () => {}
const elapse = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** Numbered, because errors that say the same are the same to most assertions. */
const answered = (status: number, headers?: ResponseError['headers']) =>
  new ResponseError(`The carrier answered ${status} (no. ${++answers})`, status, headers)
const unavailable = () => answered(503)

/** Throws each of `failures` in turn and the last one again and again; `at` is when, in ms from now, it was called. */
function failing(...failures: unknown[]) {
  const from = performance.now()
  const at: number[] = []
  const operation = async (): Promise<never> => {
    at.push(performance.now() - from)
    throw failures[Math.min(at.length, failures.length) - 1]
  }
  return { operation, at }
}

/** The same, but at last it succeeds. */
function mending(...failures: unknown[]) {
  const { operation, at } = failing(...failures)
  return {
    at,
    operation: async () => (at.length < failures.length ? operation() : (await operation().catch(silence), 'done')),
  }
}

/** Begins a retry of `operation`, on whose end a test can look later. */
function begin<T>(operation: Parameters<typeof retry<T>>[0], options?: RetryOptions): Promise<T> {
  const promise = retry(operation, options)
  promise.catch(silence)
  return promise
}

const every = (ms: number): Backoff =>
  function* () {
    for (;;) yield ms
  }

function take(count: number, backoff: Backoff, random: () => number): number[] {
  const delays = backoff(random)
  return Array.from({ length: count }, () => delays.next().value)
}

/** The first delays; to within a millisecond as expected, because whether they are rounded is a matter of taste. */
function firstDelays(backoff: Backoff, luck: number, expected: readonly number[]) {
  const delays = take(expected.length, backoff, () => luck)
  return delays.map((ms, i) => (Math.abs(ms - expected[i]!) < 1 ? expected[i] : ms))
}

/** The most of the given instants that fall into the same ten milliseconds. */
function crowd(instants: number[]): number {
  const counts = new Map<number, number>()
  for (const at of instants) counts.set(Math.floor(at / 10), (counts.get(Math.floor(at / 10)) ?? 0) + 1)
  return Math.max(...counts.values())
}

/** Looks at how a retry ended that should have given up. */
function expectGivenUp(outcome: Outcome<unknown>, stoppedBy: string, cause: unknown, because: string) {
  const { status, reason } = outcome as { status: string; reason?: Partial<RetryError> }
  expect({ status, name: reason?.name, stoppedBy: reason?.stoppedBy }, because).toEqual({
    status: 'rejected',
    name: 'RetryError',
    stoppedBy,
  })
  expect(reason?.cause, `${because}; cause: what the last attempt threw`).toBe(cause)
}

describe('Step 1: Count, and stop when told', () => {
  test('counts the first attempt as one of maxAttempts', async () => {
    for (const maxAttempts of [1, 3]) {
      const numbers: number[] = []
      const signals: unknown[] = []
      const { operation } = failing(unavailable())
      const result = begin(async (signal, attempt) => (signals.push(signal), numbers.push(attempt), operation()), {
        maxAttempts,
      })
      await elapse(60_000)
      const { status, reason } = (await outcomeOf(result)) as { status: string; reason?: unknown }
      expect(
        status,
        `a minute later it still waits, after ${numbers.length} of ${maxAttempts} attempts: is its clock the global setTimeout and performance.now()? (Those of node:timers/promises and AbortSignal.timeout are others)`,
      ).toBe('rejected')
      expect(
        numbers.length,
        `maxAttempts: ${maxAttempts} is attempts in all: a retry is what comes after the first (it ended with: ${reason})`,
      ).toBe(maxAttempts)
      expect(numbers, 'the number of each attempt, from 1').toEqual([1, 2, 3].slice(0, maxAttempts))
      expect(
        signals.map((signal) => signal instanceof AbortSignal),
        'each attempt gets a signal, also without one of the caller: see shared/core/never-aborts.ts',
      ).toEqual(numbers.map(() => true))
    }
  })

  test('says after how many attempts it gave up, how long that took, and what the last one died of', async () => {
    await elapse(50)
    const last = unavailable()
    const result = begin(failing(unavailable(), unavailable(), last).operation, { maxAttempts: 3, backoff: every(100) })
    vi.setSystemTime(Date.now() - 3_600_000) // by somebody else, while it waits
    await elapse(60_000)
    const { reason } = (await outcomeOf(result)) as { reason: RetryError }
    expect(
      reason,
      'whoever reads the log must see that this was tried, and how hard: throw a RetryError',
    ).toBeInstanceOf(RetryError)
    expect(reason.cause, 'cause: what the last attempt threw').toBe(last)
    expect(reason).toMatchObject({ stoppedBy: 'attempts', attempts: 3 })
    expect(
      reason.elapsedMs,
      'elapsedMs: two waits of 100 ms, by performance.now(), as the wall clock was set back by an hour meanwhile',
    ).toBeCloseTo(200)
  })

  test('stops at once when its caller aborts during a wait, and does not try again', async () => {
    const { operation, at } = failing(unavailable())
    const caller = new AbortController()
    const result = begin(operation, { signal: caller.signal, backoff: every(30_000) })
    await elapse(10)
    const reason = new Error('the customer closed the tab')
    caller.abort(reason)
    expect(await outcomeOf(result), 'nobody waits any more, but the wait goes on: give its signal to sleep()').toEqual({
      status: 'rejected',
      reason,
    })
    expect(vi.getTimerCount(), 'the timer of the wait still runs').toBe(0)
    await elapse(120_000)
    expect(at.length, 'one more attempt, for nobody').toBe(1)
    expect(getEventListeners(caller.signal, 'abort').length, 'a listener was left on the signal').toBe(0)

    const { signal } = new AbortController()
    begin(mending(unavailable()).operation, { signal, backoff: every(100) })
    await elapse(60_000)
    expect(
      getEventListeners(signal, 'abort').length,
      'a wait that ended in peace left its listener on the signal, as will every other one',
    ).toBe(0)
  })

  test('does not take an aborted attempt for a failed one, nor a success for an abort', async () => {
    const failures = [new TimeoutError('The socket was closed'), new DOMException('Aborted', 'AbortError')]
    for (const [failure, maxAttempts] of failures.flatMap((failure) => [
      [failure, 3] as const,
      [failure, 1] as const,
    ])) {
      const caller = new AbortController()
      const operation = vi.fn(async (signal: AbortSignal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        throw failure
      })
      const result = begin(operation, { signal: caller.signal, maxAttempts })
      await elapse(0)
      const reason = new Error('the customer closed the tab')
      caller.abort(reason)
      expect(
        await outcomeOf(result),
        "the attempt failed because the caller aborted: tell the caller's own reason, before you judge the failure",
      ).toEqual({ status: 'rejected', reason })
      await elapse(60_000)
      expect(operation.mock.calls.length, 'attempts: one more, for nobody').toBe(1)
    }

    const caller = new AbortController()
    const booking = Promise.withResolvers<string>()
    const result = begin(() => booking.promise, { signal: caller.signal })
    await elapse(0)
    caller.abort()
    booking.resolve('booked')
    expect(
      await outcomeOf(result),
      'the attempt has succeeded, and what is booked is booked: whoever throws that away books again',
    ).toEqual({ status: 'fulfilled', value: 'booked' })
  })

  test('does not begin for a caller who has already gone', async () => {
    const { operation, at } = failing(unavailable())
    const reason = new Error('too late')
    const outcome = await outcomeOf(begin(operation, { signal: AbortSignal.abort(reason) }))
    expect(at.length, 'attempts: an aborted signal fires no further event, so ask it before you begin').toBe(0)
    expect(outcome, "the caller's own reason").toEqual({ status: 'rejected', reason })
  })
})

describe('Step 2: Jitter', () => {
  test('waits for anything from nothing to a ceiling, which doubles up to the cap', () => {
    const backoff = fullJitter({ baseMs: 100, capMs: 1_000 })
    for (const [luck, delays] of [
      [0, [0, 0, 0, 0, 0, 0]],
      [0.999, [99.9, 199.8, 399.6, 799.2, 999, 999]],
    ] as const) {
      expect(firstDelays(backoff, luck, delays), `the first delays, in ms, where random() is always ${luck}`).toEqual(
        delays,
      )
    }
    // The ceilings are 100, 200, 400, 800, 1000 and 1000.
  })

  test('never yields NaN, nor more than the cap, however long it goes on', () => {
    for (const baseMs of [100, 0]) {
      for (const luck of [0, 0.5, 1 - 2 ** -53]) {
        const delays = take(5_000, fullJitter({ baseMs, capMs: 10_000 }), () => luck)
        const wrong = delays.findIndex((ms) => !(ms >= 0 && ms <= 10_000))
        expect(
          wrong,
          `baseMs is ${baseMs}, random() ${luck}; delay ${wrong} is ${delays[wrong]}: ${
            Number.isNaN(delays[wrong]) ? '2 ** 1024 is Infinity, and 0 × Infinity NaN' : 'the cap is 10000'
          }`,
        ).toBe(-1)
      }
    }
  })

  test('spreads a hundred clients that have all reached the cap', () => {
    const backoff = fullJitter({ baseMs: 1_000, capMs: 1_000_000 })
    const random = seededRandom(3)
    const thirtieth = Array.from({ length: 100 }, () => take(30, backoff, random)[29])
    expect(
      new Set(thirtieth).size,
      'different delays of 100 clients: cap first and draw then, or they meet at the cap',
    ).toBe(100)
    expect(
      new Set(take(100, backoff, random).slice(50)).size,
      'different delays of one client at the cap: draw for each delay, or two who meet once meet for ever',
    ).toBe(50)
  })

  test('lets its backoff say how long to wait', async () => {
    const { operation, at } = failing(unavailable())
    const backoff = vi.fn(() => [10, 200, 3_000].values())
    const random = seededRandom(3)
    begin(operation, { maxAttempts: 4, backoff, random })
    await elapse(60_000)
    expect(at, 'when the attempts were made: options.backoff yields 10, 200 and 3000').toEqual([0, 10, 210, 3_210])
    expect(backoff, 'options.random is what a backoff draws from').toHaveBeenCalledWith(random)
  })

  test('begins its backoff anew for each call', async () => {
    const backoff: Backoff = function* () {
      for (let ms = 10; ; ms *= 10) yield ms
    }
    for (const call of ['first', 'second']) {
      const { operation, at } = mending(unavailable())
      begin(operation, { backoff })
      await elapse(60_000)
      expect(at, `the ${call} call failed once, and waits for the first delay of its own backoff`).toEqual([0, 10])
    }
  })

  test('sends a hundred clients that failed together back one by one', async () => {
    const random = seededRandom(3)
    const clients = Array.from({ length: 100 }, () => mending(unavailable()))
    for (const { operation } of clients) begin(operation, { random })
    await elapse(60_000)
    const most = crowd(clients.map(({ at }) => at[1]!))
    expect(
      most,
      'second attempts within the same 10 ms, of 100 spread over 100 ms: no jitter by default, or too little',
    ).toBeLessThan(25)

    const unlucky = Array.from({ length: 100 }, () => mending(unavailable()))
    for (const { operation } of unlucky) begin(operation)
    await elapse(60_000)
    expect(
      new Set(unlucky.map(({ at }) => at[1])).size,
      'different instants of 100 second attempts: without options.random, draw from Math.random',
    ).toBeGreaterThan(10)
    expect(
      Math.max(...unlucky.map(({ at }) => at[1]!)),
      'the last of 100 second attempts: the default, too, begins at 100 ms for each call',
    ).toBeLessThanOrEqual(101)

    const { operation, at } = failing(unavailable())
    begin(operation, { maxAttempts: 9, random: () => 0.5 })
    await elapse(60_000)
    expect(
      at.map((ms, i) => ms - (at[i - 1] ?? 0)),
      'half of each ceiling: by default they go from 100 ms to 10 s',
    ).toEqual([0, 50, 100, 200, 400, 800, 1_600, 3_200, 5_000])
  })
})

describe('Step 3: What deserves another try', () => {
  test('tells what may pass from what will not', () => {
    const coded = (code: string) => Object.assign(new Error(`It failed with ${code}`), { code })
    const told = (error: unknown): string =>
      error instanceof Error && error.cause ? `${error} (cause: ${told(error.cause)})` : String(error)
    const refused = coded('ECONNREFUSED')
    const transient = [
      ...[408, 429, 500, 502, 503, 504].map((status) => answered(status)),
      new TimeoutError('Timed out after 100 ms'),
      new CircuitOpenError('The circuit of pigeon is open', 500),
      refused,
      Object.assign(new AggregateError([refused, refused]), { code: 'ECONNREFUSED' }), // of IPv4 and IPv6
      ...['EAI_AGAIN', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'ETIMEDOUT', 'TIMEOUT'].map(coded),
      new errors.SocketError('other side closed'),
      new errors.ConnectTimeoutError(),
      new errors.HeadersTimeoutError(),
      new errors.BodyTimeoutError(),
      new errors.ResponseContentLengthMismatchError(),
      new DOMException('The operation was aborted due to timeout', 'TimeoutError'), // of AbortSignal.timeout
      new TypeError('fetch failed', { cause: refused }),
      new Error('No quote', { cause: new Error('No answer', { cause: answered(503) }) }),
    ]
    for (const error of transient) expect(isTransient(error), `${told(error)} may be gone in a moment`).toBe(true)

    const permanent = [
      ...[400, 401, 403, 404, 409, 422, 501].map((status) => answered(status)),
      new TypeError("Cannot read properties of undefined (reading 'grams')"),
      new SyntaxError('Unexpected token < in JSON'),
      new DOMException('This operation was aborted', 'AbortError'),
      new errors.InvalidArgumentError('invalid path'),
      new errors.RequestAbortedError(),
      new errors.ClientDestroyedError(),
      new errors.ClientClosedError(),
      new errors.ResponseExceededMaxSizeError(),
      new errors.RequestContentLengthMismatchError(),
      ...['ENOENT', 'ENOTFOUND', 'ERR_INVALID_URL', 'MADE_UP'].map(coded),
      new Error('No label', { cause: answered(404) }),
      new Error('No quote', { cause: new RetryError('Gave up', 'attempts', { cause: answered(503) }) }),
      new RetryError('Gave up', 'budget', { cause: answered(503) }),
      'no',
      undefined,
      null,
    ]
    for (const error of permanent) expect(isTransient(error), `${told(error)} will be the same in a moment`).toBe(false)
  })

  test('does not repeat what is permanent, and hands it on as it is', async () => {
    const error = answered(404)
    const { operation, at } = failing(unavailable(), error)
    const result = begin(operation, { maxAttempts: 5 })
    await elapse(60_000)
    expect(
      at.length,
      'attempts; the second was answered with 404: there is no such shipment, and there will be none',
    ).toBe(2)
    expect(await outcomeOf(result), 'as if there had been no retry').toEqual({ status: 'rejected', reason: error })
  })

  test('lets its caller say what is transient', async () => {
    const { operation, at } = failing(answered(404), unavailable())
    const result = begin(operation, {
      maxAttempts: 5,
      isTransient: (error) => error instanceof ResponseError && error.status === 404,
    })
    await elapse(60_000)
    expect(at.length, 'attempts; for this caller a 404 will pass (it was booked a moment ago) and a 503 will not').toBe(
      2,
    )
    expect((await outcomeOf(result)).status).toBe('rejected')
  })

  test('does not retry what a layer below has retried already', async () => {
    const inner = failing(unavailable())
    const middle = () => retry(inner.operation, { maxAttempts: 4 })
    begin(() => retry(middle, { maxAttempts: 4 }), { maxAttempts: 4 })
    await elapse(3_600_000)
    expect(inner.at.length, 'calls of the carrier for one call of ours: three layers of four attempts multiply').toBe(4)
  })

  test('does not send a POST or a PATCH again, unless it has an idempotency key', async () => {
    for (const method of ['POST', 'PATCH']) {
      const error = unavailable()
      const bare = failing(error)
      const result = begin(bare.operation, { method })
      await elapse(60_000)
      expect(
        bare.at.length,
        `a ${method} whose answer was lost may have been carried out: two parcels, one customer`,
      ).toBe(1)
      const because = 'the error was transient, only the request must not be sent again: a RetryError says so'
      expectGivenUp(await outcomeOf(result), 'not-repeatable', error, because)

      const keyed = failing(error)
      begin(keyed.operation, { method, idempotencyKey: 'order-17' })
      await elapse(60_000)
      expect(keyed.at.length, `a ${method} with a key: the carrier knows that it is the same one`).toBe(3)
    }
    for (const method of [undefined, 'GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']) {
      expect(isRepeatable({ method }), `${method}: twice is as good as once`).toBe(true)
    }
    for (const method of ['post', 'Patch', 'CONNECT', 'LOCK']) {
      expect(isRepeatable({ method }), `${method}: only what you know to be harmless is`).toBe(false)
    }
    expect(isRepeatable({ method: 'POST', idempotencyKey: '' }), "a POST with the key '': an empty one is none").toBe(
      false,
    )
  })
})

describe('Step 4: The deadline, before the wait', () => {
  test('gives up now if the next attempt would come too late', async () => {
    const last = unavailable()
    const { operation, at } = failing(unavailable(), last)
    const result = begin(operation, { maxAttempts: 9, backoff: every(600), deadline: performance.now() + 1_000 })
    await elapse(600)
    expect(
      at,
      'attempts; there is time for the second: a deadline is an instant on the clock of performance.now()',
    ).toEqual([0, 600])
    const because = 'the deadline (an instant, not a duration) comes in 400 ms, the next attempt in 600: say so now'
    expectGivenUp(await outcomeOf(result), 'deadline', last, because)
    expect(vi.getTimerCount(), 'a wait whose end nobody will see').toBe(0)
  })

  test('does not begin another attempt at the very deadline', async () => {
    const inTime = failing(unavailable())
    begin(inTime.operation, { maxAttempts: 2, backoff: every(600), deadline: performance.now() + 601 })
    const tooLate = failing(unavailable())
    const result = begin(tooLate.operation, { maxAttempts: 2, backoff: every(600), deadline: performance.now() + 600 })
    expect((await outcomeOf(result)).status, 'it waits for the very deadline, at which nobody waits any more').toBe(
      'rejected',
    )
    await elapse(60_000)
    expect(inTime.at, 'attempts before the deadline').toEqual([0, 600])
    expect(tooLate.at, 'attempts before the deadline: at the deadline itself nobody waits any more').toEqual([0])

    const error = unavailable()
    const late = failing(error)
    const first = begin(late.operation, { deadline: performance.now() - 1 })
    const because =
      'the deadline had passed before the call: only further attempts are held to it, and the first is made'
    expectGivenUp(await outcomeOf(first), 'deadline', error, because)
    expect(late.at, because).toEqual([0])
  })
})

describe('Step 5: Never earlier than told', () => {
  test('reads whole seconds, and takes any other number for nothing', () => {
    expect(parseRetryAfter('0'), '"0" is now').toBe(0)
    expect(parseRetryAfter('120'), '"120" is in seconds, the result in milliseconds').toBe(120_000)
    for (const header of [
      undefined,
      '',
      ' ',
      'soon',
      '-5',
      '+5',
      '1.5',
      '1e3',
      '0x10',
      'Infinity',
      '5, 6',
      ['5', '6'],
    ]) {
      const because = `the header was ${JSON.stringify(header)}: Number() and parseInt() find something in nearly everything`
      expect(parseRetryAfter(header), because).toBeUndefined()
    }
  })

  test('leaves a carrier alone for as long as it asked', async () => {
    for (const status of [429, 503, 500, 408]) {
      const error = answered(status, { 'retry-after': '120' })
      const bare = mending(error)
      begin(bare.operation, { backoff: every(50) })
      const wrapped = mending(new Error('No quote', { cause: new Error('No label', { cause: error }) }))
      begin(wrapped.operation, { backoff: every(50) })
      await elapse(119_999)
      expect(bare.at.length, `a ${status} with Retry-After: 120, and it was asked again before`).toBe(1)
      expect(wrapped.at.length, 'Retry-After: 120, said by the cause of its cause: look there as well').toBe(1)
      await elapse(52)
      expect(bare.at.length, 'the 120 s are over, and the backoff of 50 ms as well').toBe(2)
    }
  })

  test('gives up at once when it is told to come back after its deadline', async () => {
    const error = answered(429, { 'retry-after': '120' })
    const { operation, at } = failing(error)
    const result = begin(operation, { deadline: performance.now() + 60_000 })
    const because = 'told to wait 120 s, with 60 s left: neither wait in vain nor come earlier than told'
    expectGivenUp(await outcomeOf(result), 'deadline', error, because)
    await elapse(120_000)
    expect(at.length, 'attempts').toBe(1)
  })

  test('does not send back together all who were told the same', async () => {
    const random = seededRandom(5)
    const clients = Array.from({ length: 100 }, () => mending(answered(503, { 'retry-after': '1' })))
    for (const { operation } of clients) begin(operation, { random })
    await elapse(60_000)
    const second = clients.map(({ at }) => at[1]!)
    expect(Math.min(...second), 'told to come back after 1 s').toBeGreaterThanOrEqual(1_000)
    expect(crowd(second), 'within the same 10 ms, of 100 who were all told "1": the jitter comes on top').toBeLessThan(
      25,
    )
  })
})

describe('Step 6: A budget for everybody', () => {
  test('grants one retry for every ten calls', () => {
    const budget = new RetryBudget({ ratio: 0.1, minPerSecond: 0 })
    const another = new RetryBudget({ ratio: 0.1, minPerSecond: 0 })
    for (let i = 0; i < 100; i++) budget.deposit()
    const left = budget.balance
    const granted = Array.from({ length: 50 }, () => budget.tryWithdraw()).filter(Boolean).length
    expect(
      granted,
      'retries for 100 calls (0.1 added a hundred times is a little less than 10: count in whole calls)',
    ).toBe(10)
    expect(left, 'balance, before the first of them').toBeCloseTo(10)
    expect(budget.balance, 'balance, after the last of them').toBeLessThan(1)
    expect(another.tryWithdraw(), 'a budget of its own for each backend').toBe(false)
    for (let i = 0; i < 9; i++) another.deposit()
    expect(another.tryWithdraw(), 'a retry for nine calls: what is left must be a whole one').toBe(false)
  })

  test('keeps an outage from multiplying the calls', async () => {
    const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 })
    const { operation, at } = failing(unavailable())
    for (let i = 0; i < 100; i++) begin(operation, { maxAttempts: 4, backoff: every(10), budget })
    await elapse(5_000)
    expect(
      at.length,
      '100 calls, ratio 0.2: at most 120 attempts, and not 400 (do retries pay for retries?)',
    ).toBeLessThanOrEqual(120)
    expect(at.length, '20 of them may be retries').toBeGreaterThanOrEqual(119)

    const sunny = new RetryBudget({ ratio: 0.2, minPerSecond: 0 })
    for (let i = 0; i < 100; i++) begin(async () => 'booked', { budget: sunny })
    await elapse(0)
    expect(sunny.balance, 'balance after 100 calls that went well: these, too, pay for retries').toBeCloseTo(20)
  })

  test('always grants a few, however little the traffic', async () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.3, windowMs: 10_000 })
    for (const call of ['first', 'second']) {
      const { operation, at } = failing(unavailable())
      begin(operation, { maxAttempts: Infinity, backoff: every(10), budget })
      await elapse(11_000)
      expect(at.length, `attempts of the ${call} call in its window of 10 s: 0.3 a second are 3 retries`).toBe(1 + 3)
    }

    const byDefault = new RetryBudget()
    expect(byDefault.balance, 'by default, 1 a second in a window of 10 s').toBeCloseTo(10)
    for (let i = 0; i < 100; i++) byDefault.deposit()
    expect(byDefault.balance, 'by default, a tenth of 100 calls on top').toBeCloseTo(20)
    await elapse(11_000)
    expect(byDefault.balance, 'by default, 11 s later').toBeCloseTo(10)
  })

  test('forgets what is older than its window', async () => {
    for (const idleMs of [11_000, 20_000, 24 * 3_600_000]) {
      const budget = new RetryBudget({ ratio: 0.1, minPerSecond: 0, windowMs: 10_000 })
      for (let i = 0; i < 10_000; i++) budget.deposit()
      await elapse(5_000)
      expect(budget.tryWithdraw(), '10,000 calls in the last 5 s').toBe(true)
      vi.setSystemTime(Date.now() - 48 * 3_600_000) // by somebody else; it is no business of ours
      await elapse(idleMs)
      expect(
        budget.tryWithdraw(),
        `10,000 calls, but ${idleMs / 1000} s ago: a busy day buys no retries for a bad night`,
      ).toBe(false)
    }
  })

  test('grants no more in any ten seconds, whenever they begin', async () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.1, windowMs: 10_000 })
    budget.deposit()
    await elapse(9_500)
    expect(budget.tryWithdraw(), 'the only retry of ten seconds').toBe(true)
    for (let ms = 500; ms <= 8_500; ms += 500) {
      await elapse(500)
      budget.deposit()
      expect(budget.tryWithdraw(), `another one, ${ms} ms later: the window must move on bit by bit`).toBe(false)
    }
    for (let i = 0; i < 5; i++) {
      await elapse(500)
      budget.deposit()
    }
    expect(budget.tryWithdraw(), '11 s later: what is reused for new counts must be emptied first').toBe(true)
  })

  test('asks before it waits, and gives back what the attempt threw', async () => {
    const error = unavailable()
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0 })
    const result = begin(failing(error).operation, { backoff: every(1_000), budget })
    const because = 'the budget is spent; a wait that ends with a refusal is time that the caller could have used'
    expectGivenUp(await outcomeOf(result), 'budget', error, because)
    expect(vi.getTimerCount(), 'timers').toBe(0)
  })

  test('spends nothing on attempts that are not made', async () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.1, windowMs: 10_000 })
    const notMade: RetryOptions[] = [
      { maxAttempts: 1 },
      { method: 'POST' },
      { isTransient: () => false },
      { backoff: every(100), deadline: performance.now() + 50 },
    ]
    for (const options of notMade) {
      const { operation, at } = failing(unavailable())
      begin(operation, { ...options, budget })
      await elapse(100)
      expect(at.length, `${Object.keys(options)}: no second attempt`).toBe(1)
    }
    expect(
      budget.tryWithdraw(),
      'its only retry was spent on an attempt that something else forbade: ask the budget last',
    ).toBe(true)
    expect(budget.tryWithdraw(), 'it had only the one').toBe(false)

    const idle = new RetryBudget({ ratio: 1, minPerSecond: 0 })
    begin(failing(unavailable()).operation, { budget: idle, signal: AbortSignal.abort() })
    expect(idle.tryWithdraw(), 'a call whose caller had already gone is no call, and buys no retry').toBe(false)
  })
})

describe('Step 9: Told in other words', () => {
  beforeEach(() => {
    vi.setSystemTime('2026-11-06T08:49:37Z')
  })

  test('reads a date in all of its three forms', async () => {
    vi.stubEnv('TZ', 'America/New_York')
    onTestFinished(() => void vi.unstubAllEnvs())
    for (const [i, day] of ['Fri', 'Satur', 'Sun', 'Mon', 'Tues', 'Wednes', 'Thurs'].entries()) {
      const [short, date] = [day.slice(0, 3), String(i + 6).padStart(2, '0')]
      vi.setSystemTime(`2026-11-${date}T08:49:37Z`)
      const forms = [
        `${short}, ${date} Nov 2026 08:50:07 GMT`,
        `${day}day, ${date}-Nov-26 08:50:07 GMT`,
        `${short} Nov ${date.replace(/^0/, ' ')} 08:50:07 2026`,
      ]
      for (const form of forms) {
        const because = `"${form}" is in 30 s: RFC 9110, section 5.6.7, has three forms of a date, all of them in GMT`
        expect(parseRetryAfter(form), because).toBe(30_000)
      }
    }
    const { operation, at } = mending(answered(503, { 'retry-after': 'Thu, 12 Nov 2026 08:50:07 GMT' }))
    begin(operation, { backoff: every(50) })
    await elapse(29_999)
    expect(at.length, 'told to come back in 30 s, by a date, and it came before').toBe(1)
    await elapse(100)
    expect(at.length, 'the 30 s are over').toBe(2)
  })

  test('takes a past date for now, and rubbish for nothing', () => {
    expect(parseRetryAfter('Fri, 06 Nov 2026 08:49:07 GMT'), 'half a minute ago').toBe(0)
    const rubbish = [
      'soon 1',
      'Wed, 2099',
      '2026-11-06',
      '2026-11-06T08:50:07Z',
      'not before Fri, 06 Nov 2026 08:50:07 GMT',
      'not before Friday, 06-Nov-26 08:50:07 GMT',
      'not before Fri Nov  6 08:50:07 2026',
      'Fri, 06 Nov 2026 08:50:07 GMT or so',
      'Fri, 06 Nov 2026 08:50:07 GMT (or so)',
      'Friday, 06-Nov-26 08:50:07 GMT (or so)',
      'Fri Nov  6 08:50:07 2026 (or so)',
      'Fri, 06 Nov 2026 08:50:07 +0200',
      'Fri, 06 Nov 2026 08:50:07 EST',
      'Fri, 06 Nov 2026 08:50:07',
      'Fri, 06 Nov 2026',
      'Sat, 31 Feb 2026 08:50:07 GMT',
      'Fri, 06 Foo 2026 08:50:07 GMT',
      'Fri, 06 Nov 2026 25:50:07 GMT',
    ]
    const taken = rubbish.filter((header) => parseRetryAfter(header) !== undefined)
    expect(taken, 'these are no dates of HTTP: Date.parse() finds one in nearly everything').toEqual([])
  })

  test('is not told to sit there for a day, unless it has said so', async () => {
    const day = 24 * 3_600_000
    const error = answered(503, { 'retry-after': '86400' })
    for (const options of [{}, { maxRetryAfterMs: day - 1 }]) {
      const { operation, at } = failing(error)
      const budget = new RetryBudget({ ratio: 1, minPerSecond: 0 })
      const result = begin(operation, { backoff: every(50), budget, ...options })
      const because =
        'told to come back tomorrow, and nobody gave a deadline: give up now, as it is longer than maxRetryAfterMs (300,000 by default)'
      expectGivenUp(await outcomeOf(result), 'retry-after', error, because)
      expect(budget.balance, 'balance: an attempt that is not made costs nothing, so ask the budget last').toBeCloseTo(
        1,
      )
      await elapse(10_000)
      expect(at.length, 'attempts: whoever cuts the wait short comes earlier than told').toBe(1)
    }
    for (const maxRetryAfterMs of [day, Infinity]) {
      const { operation, at } = mending(error)
      begin(operation, { backoff: every(50), maxRetryAfterMs })
      await elapse(day - 1)
      expect(at.length, 'told to come back tomorrow, it came today').toBe(1)
      await elapse(100)
      expect(at.length, `attempts: with maxRetryAfterMs: ${maxRetryAfterMs} it may wait for as long`).toBe(2)
    }
  })
})

describe('Step 10: Two other kinds of jitter', () => {
  const options = { baseMs: 100, capMs: 1_000 }

  test('waits for half of the ceiling, and anything up to the other half', () => {
    const backoff = equalJitter(options)
    for (const [luck, delays] of [
      [0, [50, 100, 200, 400, 500, 500]],
      [0.999, [99.95, 199.9, 399.8, 799.6, 999.5, 999.5]],
    ] as const) {
      expect(firstDelays(backoff, luck, delays), `the first delays, in ms, where random() is always ${luck}`).toEqual(
        delays,
      )
    }
  })

  test('waits for anything from the base to three times the delay before', () => {
    const backoff = decorrelatedJitter(options)
    for (const [luck, delays] of [
      [0, [100, 100, 100, 100]],
      [0.5, [200, 350, 550, 550]],
      [0.999, [299.8, 898.5, 999.1, 999.1]],
    ] as const) {
      expect(firstDelays(backoff, luck, delays), `the first delays, in ms, where random() is always ${luck}`).toEqual(
        delays,
      )
    }
  })

  test('spreads a hundred clients at the cap, whichever it is, and never yields NaN', () => {
    for (const jitter of [equalJitter, decorrelatedJitter]) {
      const backoff = jitter({ baseMs: 1_000, capMs: 1_000_000 })
      const random = seededRandom(8)
      const thirtieth = Array.from({ length: 100 }, () => take(30, backoff, random)[29])
      const message = `different delays of 100 clients with ${jitter.name}: in the article, two of three wait for exactly the cap`
      expect(new Set(thirtieth).size, message).toBe(100)
      expect(
        new Set(take(100, backoff, random).slice(50)).size,
        `different delays of one client at the cap with ${jitter.name}: draw for each delay`,
      ).toBe(50)
      for (const luck of [0, 1 - 2 ** -53]) {
        const delays = take(5_000, backoff, () => luck)
        expect(
          delays.filter((ms) => !(ms >= 0 && ms <= 1_000_000)),
          `delays of ${jitter.name} that are not between 0 and the cap, where random() is always ${luck}`,
        ).toEqual([])
      }
    }
  })
})

describe('Step 11: Open breakers, and other odd failures', () => {
  test('leaves an open breaker alone until it lets a probe through', async () => {
    const error = new CircuitOpenError('The circuit of pigeon is open', 5_000.4, answered(503, { 'retry-after': '1' }))
    const patient = mending(error)
    begin(patient.operation, { backoff: every(0) })
    const wrapped = mending(new Error('No quote', { cause: error }))
    begin(wrapped.operation, { backoff: every(0) })
    const hurried = failing(error)
    const result = begin(hurried.operation, { backoff: every(50), deadline: performance.now() + 4_000 })
    expectGivenUp(await outcomeOf(result), 'deadline', error, 'the deadline is before the first probe: give up now')
    await elapse(5_000)
    expect(
      patient.at.length,
      'attempts after 5000 ms; error.retryAfterMs is 5000.4 (what its cause was told is over), and whoever asks earlier uses up an attempt for nothing',
    ).toBe(1)
    expect(wrapped.at.length, 'attempts after 5000 ms, where the breaker is the cause of the error').toBe(1)
    await elapse(60)
    expect(patient.at.length, 'the break is over').toBe(2)
  })

  test('keeps whatever was thrown, even if it is no error', async () => {
    for (const thrown of ['no', undefined, null, 0, { error: 'no' }]) {
      const retried = begin(failing(thrown).operation, { isTransient: () => true })
      const asItIs = begin(failing(thrown).operation)
      await elapse(60_000)
      expectGivenUp(await outcomeOf(retried), 'attempts', thrown, `threw ${inspect(thrown)}, as it is`)
      expect(await outcomeOf(asItIs), 'not transient, so not touched').toEqual({ status: 'rejected', reason: thrown })
    }
    const attempts = vi.fn<() => Promise<never>>(() => {
      throw unavailable()
    })
    begin(attempts)
    await elapse(60_000)
    expect(attempts.mock.calls.length, 'attempts, where the operation throws before it has a promise to return').toBe(3)
  })

  test('knows an error of another realm, and one that is its own cause', () => {
    const foreign: unknown = runInNewContext(`Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })`)
    expect(isTransient(foreign), 'ECONNRESET, thrown in another context (node:vm), is no instanceof Error here').toBe(
      true,
    )

    const [loop, timedOut] = [new Error('It went round'), new TimeoutError('It was late')]
    loop.cause = new Error('and round', { cause: loop })
    timedOut.cause = timedOut
    const answerOf = (question: () => unknown) => {
      try {
        return question()
      } catch (error) {
        return error
      }
    }
    const because = 'an error whose cause leads back to it: look at each of them once'
    expect(
      answerOf(() => isTransient(loop)),
      `isTransient of ${because}`,
    ).toBe(false)
    expect(
      answerOf(() => isTransient(timedOut)),
      `isTransient of a TimeoutError, ${because}`,
    ).toBe(true)
    expect(
      answerOf(() => retryAfterMs(loop)),
      `retryAfterMs of ${because}`,
    ).toBe(0)
  })

  test('does not take a very long wait for a very short one', async () => {
    const month = 30 * 24 * 3_600_000
    const { operation, at } = mending(answered(503, { 'retry-after': String(month / 1_000) }))
    begin(operation, { backoff: every(0), maxRetryAfterMs: Infinity })
    await elapse(month - 1)
    expect(
      at.map((ms) => ms / 3_600_000),
      'attempts, in hours: told to come back in 30 days; a delay of more than 2³¹−1 ms (24.8 days) is 1 ms for setTimeout, and to cut it to that is too early',
    ).toEqual([0])
    await elapse(2)
    expect(at.length, 'the 30 days are over').toBe(2)
  })

  test('looks at the clock again when the wait has taken longer', async () => {
    for (const lateMs of [90, 0]) {
      const error = unavailable()
      const { operation, at } = failing(error)
      const result = begin(operation, { backoff: every(50), deadline: performance.now() + 60 })
      await elapse(40)
      const restore = clockLeaps(10 + lateMs)
      await elapse(20)
      const when = `the event loop was blocked, and the wait over ${lateMs} ms after the deadline`
      expect(at.length, `attempts: ${when}`).toBe(1)
      expectGivenUp(await outcomeOf(result), 'deadline', error, when)
      restore()
    }
  })

  test('ends with its backoff, when that is a list', async () => {
    const error = unavailable()
    const { operation, at } = failing(unavailable(), unavailable(), error)
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0.03, windowMs: 100_000 })
    const result = begin(operation, { maxAttempts: 9, backoff: () => [10, 200].values(), budget })
    await elapse(60_000)
    expect(at, 'when the attempts were made: options.backoff yields 10 and 200, and is done').toEqual([0, 10, 210])
    expectGivenUp(await outcomeOf(result), 'attempts', error, 'the list has two delays, so there are three attempts')
    expect(budget.balance, 'balance: it was 3, and there were two retries').toBeCloseTo(1)
  })

  test('refuses nonsense by name', async () => {
    const accepted: string[] = []
    /** Notes what is not refused by a RangeError that names the option. */
    const note = (call: string, option: string, error: Partial<Error> | undefined) => {
      if (error?.name === 'RangeError' && error.message?.includes(option)) return
      accepted.push(`${call}: ${error ? `${error}` : 'accepted'}`)
    }
    const thrown = (make: () => unknown): Partial<Error> | undefined => {
      try {
        make()
        return undefined
      } catch (error) {
        return error as Error
      }
    }
    // What a JSON file or an environment variable may put there, past TypeScript.
    const text = (value: string) => value as unknown as number

    const nonsense = {
      maxAttempts: [0, -1, 2.5, NaN, text('3')],
      deadline: [NaN, text('soon')],
      maxRetryAfterMs: [-1, NaN, text('5000')],
    }
    for (const [option, values] of Object.entries(nonsense)) {
      for (const value of values) {
        const { operation, at } = failing(unavailable())
        let result: Promise<unknown> = Promise.resolve()
        const call = `retry(…, { ${option}: ${inspect(value)} })`
        if (thrown(() => (result = begin(operation, { [option]: value })))) accepted.push(`${call}: threw, must reject`)
        const { reason } = (await outcomeOf(result, 3)) as { reason?: Error }
        note(call, option, at.length > 0 ? undefined : reason)
      }
    }
    for (const jitter of [fullJitter, equalJitter, decorrelatedJitter]) {
      const options = [
        { baseMs: -1 },
        { baseMs: NaN },
        { baseMs: text('100') },
        { baseMs: 2_000 },
        { capMs: NaN },
        { capMs: Infinity },
      ]
      for (const wrong of options) {
        // At once, and not at the first failure.
        const error = thrown(() => jitter({ baseMs: 100, capMs: 1_000, ...wrong }))
        note(`${jitter.name}(${inspect({ baseMs: 100, capMs: 1_000, ...wrong })})`, Object.keys(wrong)[0]!, error)
      }
      for (const [baseMs, capMs] of [
        [0, 0],
        [100, 100],
      ] as const) {
        expect(
          thrown(() => jitter({ baseMs, capMs })),
          `${jitter.name}({ baseMs: ${baseMs}, capMs: ${capMs} })`,
        ).toBe(undefined)
      }
    }
    for (const [option, values] of Object.entries({ ratio: [], minPerSecond: [], windowMs: [0] })) {
      for (const value of [-1, NaN, Infinity, text('0.1'), ...values]) {
        const error = thrown(() => new RetryBudget({ [option]: value }))
        note(`new RetryBudget({ ${option}: ${inspect(value)} })`, option, error)
      }
    }
    for (const attemptMs of [0, -1, NaN, Infinity, text('100')]) {
      const client = { request: () => new Promise(() => {}) } as unknown as Dispatcher
      const outcome = await outcomeOf(requestWithRetry(client, { path: '/' }, { attemptMs }), 3)
      const { reason } = outcome as { reason?: Error }
      note(`requestWithRetry(…, { attemptMs: ${inspect(attemptMs)} })`, 'attemptMs', reason)
    }
    expect(accepted, 'each must be refused by a RangeError whose message names the option').toEqual([])
  })
})
