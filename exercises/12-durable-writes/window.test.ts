import { type Signal, verdictOf } from '#chapters/12-durable-writes/verdict.ts'
import { CongestionWindow, type Pass } from '#chapters/12-durable-writes/window.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  BulkheadFullError,
  CircuitOpenError,
  RateLimitedError,
  ResponseError,
  RetryError,
  TimeoutError,
} from '../../shared/core/errors.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

const HOUR_MS = 3_600_000

/** Lets in as many as it takes, so many of them at most. */
function enterAll(window: CongestionWindow, most = 100): Pass[] {
  const passes: Pass[] = []
  while (passes.length < most) {
    const pass = window.enter()
    if (!pass) break
    passes.push(pass)
  }
  return passes
}

/** As many as it takes at once, and all of them get through. @returns how many those were */
function trip(window: CongestionWindow, signal: Signal = 'free'): number {
  const passes = enterAll(window)
  for (const pass of passes) window.leave(pass, signal)
  return passes.length
}

const trips = (window: CongestionWindow, count: number) => Array.from({ length: count }, () => trip(window))

/** A window that lets so many in at a time. */
function grown(size: number, options: ConstructorParameters<typeof CongestionWindow>[0] = {}): CongestionWindow {
  const window = new CongestionWindow({ jitter: 0, ...options })
  const before: number[] = []
  while (window.size < size && before.length < 50) before.push(trip(window))
  expect(window.size, `a window that is to grow to ${size}: its trips so far were ${before.join(', ')}`).toBe(size)
  return window
}

/** Leaves with this, once nothing else is on its way. */
function fail(window: CongestionWindow, signal: Signal, retryAfterMs?: number): void {
  const pass = window.enter()
  expect(pass, 'a pass, when nobody is on their way and no pause is left').toBeDefined()
  window.leave(pass!, signal, retryAfterMs)
}

describe('Step 5: A window like TCP’s', () => {
  test('begins with one, and doubles with each round trip', () => {
    const window = new CongestionWindow()
    expect(trips(window, 8), 'let in at once, trip by trip, when all get through').toEqual([1, 2, 4, 8, 16, 32, 32, 32])
    expect(window.inFlight, 'when all have left').toBe(0)
    const small = new CongestionWindow({ max: 3 })
    expect(trips(small, 4), 'with max: 3').toEqual([1, 2, 3, 3])
  })

  test('adds one a trip where it had trouble before', () => {
    const window = grown(32)
    fail(window, 'lost')
    vi.advanceTimersByTime(100)
    fail(window, 'lost')
    vi.advanceTimersByTime(200)
    const seen = trips(window, 12)
    expect(seen.slice(0, 5), 'after silence at 32, and at 1: doubling up to 16, half of what was too much').toEqual([
      1, 2, 4, 8, 16,
    ])
    const after = seen.slice(5)
    expect(
      after.every((size, i) => size <= 17 + i),
      `and then one a trip, and no more: ${after.join(', ')}`,
    ).toBe(true)
    expect(
      after.at(-1),
      `in seven more trips (of which one may be lost to fractions): ${after.join(', ')}`,
    ).toBeGreaterThan(20)
  })

  test('grows only as long as it is filled', () => {
    const window = grown(8)
    for (let i = 0; i < 50; i++) {
      const passes = enterAll(window, 3)
      for (const pass of passes) window.leave(pass, 'free')
    }
    expect(window.size, 'after fifty trips with three of eight: nobody knows whether nine would be too many').toBe(8)
    expect(trips(window, 2), 'and when there is more to do').toEqual([8, 16])
  })

  test('takes a refusal for nothing', () => {
    const window = grown(8)
    for (let i = 0; i < 20; i++) trip(window, 'none')
    expect(window.size, 'after twenty trips full of 4xx: that is about the parcels, and not about how many').toBe(8)
    expect(window.pauseMs, 'and no pause').toBe(0)
    expect(window.inFlight, 'and nobody on their way').toBe(0)
  })

  test('halves when it is told that it is too much, and begins anew when nobody answers', () => {
    const window = grown(16)
    fail(window, 'congested')
    expect(window.size, 'after a 429 or a 5xx at 16').toBe(8)
    expect(window.pauseMs, 'and no pause, as somebody has answered').toBe(0)
    const silent = grown(16)
    fail(silent, 'lost')
    expect(silent.size, 'after silence at 16').toBe(1)
  })

  test('cuts once for what failed in one trip', () => {
    const window = grown(16)
    const passes = enterAll(window)
    expect(passes.length, 'let in').toBe(16)
    for (const pass of passes.slice(0, 10)) window.leave(pass, 'congested')
    expect(window.size, 'ten of sixteen failed, which is one trip and one piece of news').toBe(8)
    for (const pass of passes.slice(10)) window.leave(pass, 'free')
    expect(window.size, 'and the six of the same trip that got through are none').toBe(8)
    expect(window.inFlight, 'on their way').toBe(0)
    fail(window, 'congested')
    expect(window.size, 'the next trip is news').toBe(4)
    const silent = grown(2)
    const [one, two] = enterAll(silent)
    silent.leave(one!, 'lost')
    silent.leave(two!, 'free')
    vi.advanceTimersByTime(100)
    fail(silent, 'lost')
    expect(silent.pauseMs, 'the second silence in a row: who got through had entered before the first').toBe(200)
  })

  test('is never less than one, and then all pause, for longer each time', () => {
    const window = grown(4)
    fail(window, 'lost')
    const pauses: number[] = []
    for (let i = 0; i < 9; i++) {
      expect(window.size, 'after silence').toBe(1)
      pauses.push(window.pauseMs)
      vi.advanceTimersByTime(window.pauseMs - 1)
      expect(window.enter(), 'a pass, a millisecond before the pause is over').toBeUndefined()
      vi.advanceTimersByTime(1)
      fail(window, i % 2 === 0 ? 'lost' : 'congested')
    }
    expect(pauses, 'pauses, in ms, when every attempt fails, with jitter: 0').toEqual([
      100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000,
    ])
    vi.advanceTimersByTime(5000)
    expect(trip(window), 'one at a time').toBe(1)
    vi.advanceTimersByTime(0)
    const next = grown(2)
    fail(next, 'lost')
    vi.advanceTimersByTime(100)
    fail(next, 'lost')
    vi.advanceTimersByTime(200)
    trip(next)
    trip(next)
    fail(next, 'lost')
    expect(next.pauseMs, 'after a success, the first pause is a short one again').toBe(100)
    const single = new CongestionWindow({ max: 1, jitter: 0 })
    fail(single, 'lost')
    vi.advanceTimersByTime(100)
    trip(single)
    fail(single, 'lost')
    expect(single.pauseMs, 'after a success, also where the window cannot grow').toBe(100)
  })

  test('takes some of each pause off by chance', () => {
    const window = grown(2, { jitter: 0.5, random: () => 0.5 })
    fail(window, 'lost')
    expect(window.pauseMs, '100 ms, of which half is up to chance, and half of that was drawn').toBe(75)
    for (let i = 0; i < 8; i++) {
      vi.advanceTimersByTime(window.pauseMs)
      fail(window, 'lost')
    }
    expect(window.pauseMs, 'the longest pause, too: all who wait for 5 s come back at once otherwise').toBe(3750)
    const usual = grown(2, { jitter: 0.2, random: () => 0.999_999 })
    fail(usual, 'lost')
    expect(usual.pauseMs, '100 ms with jitter: 0.2, in the extreme').toBeCloseTo(80)
  })

  test('does not ask before the time that it was told', () => {
    const window = grown(16)
    fail(window, 'congested', 3000)
    expect([window.size, window.pauseMs], 'size and pause after a 429 with Retry-After: 3, at 16').toEqual([8, 3000])
    vi.advanceTimersByTime(2999)
    expect(window.enter(), 'a pass, after 2999 ms').toBeUndefined()
    vi.advanceTimersByTime(1)
    expect(enterAll(window).length, 'let in, after 3000 ms').toBe(8)
    const long = grown(2)
    fail(long, 'lost', HOUR_MS)
    vi.setSystemTime(Date.now() + 2 * HOUR_MS)
    expect(long.pauseMs, 'told an hour, and somebody sets the clock on the wall').toBe(HOUR_MS)
    const two = grown(16)
    const [one, other] = enterAll(two)
    two.leave(one!, 'congested')
    two.leave(other!, 'congested', 3000)
    expect([two.size, two.pauseMs], 'two of one trip say 429: one cut, and the second says when, which holds').toEqual([
      8, 3000,
    ])
  })

  test('knows silence from an answer, and what is about one parcel from what is about all', () => {
    const status = (code: number) => new ResponseError(`status ${code}`, code)
    const said = (error: unknown) => verdictOf(error).signal
    for (const code of [429, 500, 502, 503, 504, 408, 425, 302])
      expect(verdictOf(status(code)), `${code}: too much, or not now`).toEqual({ signal: 'congested' })
    for (const code of [400, 401, 404, 409, 422])
      expect(verdictOf(status(code)), `${code}: it would say so again`).toEqual({ signal: 'none', refused: true })
    for (const error of [
      new TimeoutError('late'),
      Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
      'what nobody has thought of',
      undefined,
    ])
      expect(verdictOf(error), `${String(error)}: no answer`).toEqual({ signal: 'lost' })
    expect(said(new RetryError('in vain', 'attempts', { cause: status(503) })), 'a 503 as a cause').toBe('congested')
    expect(verdictOf(new Error('cause', { cause: status(422) })).refused, 'a 422 as a cause').toBe(true)
    expect(verdictOf(new CircuitOpenError('open', 700)), 'an open breaker knows when').toEqual({
      signal: 'congested',
      retryAfterMs: 700,
    })
    expect(
      verdictOf(new CircuitOpenError('open', 700, status(422))),
      'an open breaker, and what has opened it: that was about another parcel',
    ).toEqual({ signal: 'congested', retryAfterMs: 700 })
    expect(verdictOf(new RateLimitedError('not yet', 50)).retryAfterMs, 'and so does a line of our own').toBe(50)
    expect(said(new BulkheadFullError('pigeon/batch', 'full', 0)), 'no socket of ours is free').toBe('congested')
  })

  test('reads Retry-After, in seconds or as a date, and waits for an hour at most', () => {
    vi.setSystemTime('2026-11-30T03:41:00Z')
    const after = (header: string | string[]) =>
      verdictOf(new ResponseError('too much', 429, { 'retry-after': header })).retryAfterMs
    expect(after('3'), '3').toBe(3000)
    expect(after('0'), '0').toBe(0)
    expect(after('Mon, 30 Nov 2026 03:41:10 GMT'), 'a date in ten seconds').toBe(10_000)
    expect(after('Mon 30 Nov 2026 03:41:10 GMT'), 'a date in ten seconds, whose comma somebody forgot').toBe(10_000)
    expect([after(' 3 '), after(' Mon, 30 Nov 2026 03:41:10 GMT ')], 'with spaces around them').toEqual([3000, 10_000])
    expect(after('Mon, 30 Nov 2026 03:40:00 GMT'), 'a date of before').toBe(0)
    expect(after('86400'), 'a day').toBe(HOUR_MS)
    expect(after('Tue, 30 Nov 2027 03:41:00 GMT'), 'a year').toBe(HOUR_MS)
    for (const nonsense of [
      '',
      'soon',
      '-3',
      '3.5',
      '1e9',
      '2027-11-30',
      'Mon, 30 Nov 2026 03:41:10 GMT+0100',
      'after Mon, 30 Nov 2026 03:41:10 GMT',
      ['3', '5'],
    ])
      expect(after(nonsense), `${JSON.stringify(nonsense)} says nothing`).toBeUndefined()
  })
})

describe('Step 13: Nonsense', () => {
  test('refuses options of a window that are none', () => {
    const wrong: [string, object][] = [
      ['max', { max: 0 }],
      ['max', { max: 1.5 }],
      ['max', { max: Infinity }],
      ['baseMs', { baseMs: 0 }],
      ['baseMs', { baseMs: NaN }],
      ['capMs', { capMs: 99 }],
      ['capMs', { capMs: 2 ** 31 }],
      ['jitter', { jitter: -0.1 }],
      ['jitter', { jitter: 1.1 }],
      ['max', { max: '32' }],
    ]
    for (const [name, options] of wrong) {
      const make = () => new CongestionWindow(options)
      expect(make, `${JSON.stringify(options)} is a RangeError`).toThrow(RangeError)
      expect(make, `${JSON.stringify(options)}: the error names it`).toThrow(name)
    }
    for (const options of [
      { capMs: 100, jitter: 1 },
      { max: 1, baseMs: 2 ** 31 - 1, capMs: 2 ** 31 - 1, jitter: 0 },
    ])
      expect(() => new CongestionWindow(options), `the bounds themselves: ${JSON.stringify(options)}`).not.toThrow()
  })

  test('takes a pause that is NaN for none', () => {
    const window = grown(4)
    fail(window, 'congested', NaN)
    expect(window.pauseMs, 'retryAfterMs: NaN').toBe(0)
    fail(window, 'congested', 3000)
    expect(window.pauseMs, 'and the next one, which is 3000').toBe(3000)
  })
})
