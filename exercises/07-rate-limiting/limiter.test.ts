import { RateLimiter, type WaitOptions } from '#chapters/07-rate-limiting/limiter.ts'
import { getEventListeners } from 'node:events'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { RateLimitedError } from '../../shared/core/errors.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'
import { clockLeaps } from '../../shared/testing/clock.ts'
import { outcomeOf } from '../../shared/testing/outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

/** Whoever is still in line when a test ends leaves it. */
function line(limiter: RateLimiter) {
  const startedAt = performance.now()
  const everybody = new AbortController()
  onTestFinished(() => everybody.abort())
  const at: Record<string, number> = {}
  const order: string[] = []
  return {
    /** When each has had its turn, in ms from the beginning. */
    at,
    order,
    join(name: string, options: WaitOptions = {}): Promise<void> {
      const signal = options.signal ? AbortSignal.any([options.signal, everybody.signal]) : everybody.signal
      const turn = limiter.wait({ ...options, signal }).then(() => {
        at[name] = performance.now() - startedAt
        order.push(name)
      })
      turn.catch(() => {})
      return turn
    },
  }
}

/** A limiter whose burst has just been used up. */
function empty(perSecond: number, burst = 1, more: { maxWaiting?: number; name?: string } = {}): RateLimiter {
  const limiter = new RateLimiter({ perSecond, burst, ...more })
  expect(limiter.allow(burst).allowed, 'step 1 first: a whole burst at once, to begin with').toBe(true)
  return limiter
}

const refused = { status: 'rejected', reason: expect.any(RateLimitedError) }
const ms = (advance: number) => vi.advanceTimersByTimeAsync(advance)

describe('Step 5: Wait in line', () => {
  test('lets them go one by one, at the pace, in the order in which they came', async () => {
    const { at, order, join } = line(empty(10, 2))
    for (const name of ['a', 'b', 'c', 'd']) void join(name)
    await ms(250)
    void join('e')
    await ms(1_000)
    expect(order, 'in which order they went').toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(at, 'when each went, in ms, at ten a second').toEqual({ a: 100, b: 200, c: 300, d: 400, e: 500 })

    const idle = line(new RateLimiter({ perSecond: 10, burst: 2 }))
    for (const name of ['a', 'b', 'c']) void idle.join(name)
    await ms(100)
    expect(idle.at, 'with a burst of two that nobody has used: nobody waits for what is there').toEqual({
      a: 0,
      b: 0,
      c: 100,
    })

    const halves = line(empty(10))
    for (const name of ['a', 'b']) void halves.join(name, { cost: 0.5 })
    void halves.join('c')
    await ms(200)
    expect(halves.at, 'when each went, of whom the first two need a half').toEqual({ a: 50, b: 100, c: 200 })
    const unsaid = new RateLimiter({ perSecond: 2.2 })
    const allowed = Array.from({ length: 10 }, () => unsaid.allow()).filter((each) => each.allowed)
    expect(allowed.length, 'of 10 at once, at 2.2 a second, with no burst said: see rateOf').toBe(3)
  })

  test('keeps the pace of a busy line, no faster and hardly slower', async () => {
    for (const [perSecond, burst, least] of [
      [300, 5, 590],
      [7, 1, 13],
    ] as const) {
      const limiter = new RateLimiter({ perSecond, burst, maxWaiting: 10_000 })
      const { at, join } = line(limiter)
      for (let i = 0; i < perSecond * 2 + 100; i++) void join(String(i))
      await ms(1_999)
      const went = Object.keys(at).length
      expect(went, `went in 2 s, at ${perSecond} a second and a burst of ${burst}`).toBeLessThanOrEqual(
        perSecond * 2 + burst,
      )
      expect(
        went,
        `went in 2 s, at ${perSecond} a second: a timer of 3.33 ms is one of 3, or of 4`,
      ).toBeGreaterThanOrEqual(least)

      const told = empty(perSecond)
      let early = 0
      for (let i = 0; i < 50; i++) {
        await ms(told.allow().retryAfterMs)
        if (!told.allow().allowed) early++
      }
      expect(
        early,
        `of 50 who came when allow had told them, refused again, at ${perSecond} a second: the tolerance of step 1`,
      ).toBe(0)
    }
  })

  test('lets nobody overtake, be it with less or without waiting', async () => {
    const limiter = empty(10, 4)
    const { order, join } = line(limiter)
    void join('four', { cost: 4 })
    await ms(150)
    void join('one')
    expect(limiter.allow().allowed, 'allowed one, which is there, while somebody waits for four').toBe(false)
    await ms(200)
    expect(order, 'who has gone, while the first needs four and there are three').toEqual([])
    expect(limiter.allow(1), 'of a bucket that two wait for').toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: expect.closeTo(250),
    })
    await ms(50)
    expect(order, 'when there are four').toEqual(['four'])
    await ms(100)
    expect(order, 'and one more').toEqual(['four', 'one'])
    await ms(100)
    expect(limiter.allow().allowed, 'allowed one, when nobody waits any more').toBe(true)
  })

  test('has one timer at most, and none for an empty line', async () => {
    const limiter = empty(10)
    expect(vi.getTimerCount(), 'timers, when nobody waits').toBe(0)
    const { order, join } = line(limiter)
    const tabs = Array.from({ length: 20 }, () => new AbortController())
    for (const [i, { signal }] of tabs.entries()) void join(String(i), { signal })
    let most = 0
    for (let i = 0; i < 100; i++) {
      await ms(5)
      most = Math.max(most, vi.getTimerCount())
    }
    expect(order.length, 'who have gone in 500 ms').toBe(5)
    expect(limiter.waiting, 'who still wait').toBe(15)
    expect(most, 'timers at most, with 20 in line').toBe(1)
    for (const tab of tabs) tab.abort()
    await ms(0)
    expect(limiter.waiting, 'who wait, when all have left').toBe(0)
    expect(vi.getTimerCount(), 'timers, when all have left').toBe(0)
    const fine = empty(300)
    const between = line(fine)
    void between.join('one')
    await ms(3.5)
    fine.allow()
    await ms(0)
    expect(between.order, 'who has gone 3.5 ms later, at one in 3.33, when somebody asks').toEqual(['one'])
    expect(vi.getTimerCount(), 'timers, when who waited has gone before his timer').toBe(0)
    const few = line(empty(10))
    void few.join('one')
    await ms(150)
    expect(few.order.length + vi.getTimerCount(), 'one has gone, and timers when the line has emptied itself').toBe(1)
  })

  test('lets those behind move up when somebody leaves', async () => {
    const limiter = empty(10)
    const { at, join } = line(limiter)
    const leaver = new AbortController()
    const reason = new Error('the tab is closed')
    const gone = Array.from({ length: 9 }, (_, i) => join(`leaver ${i}`, { signal: leaver.signal }))
    void join('stays')
    leaver.abort(reason)
    expect(await outcomeOf(gone[8]!), 'who leaves is told at once, with the reason of the signal').toEqual({
      status: 'rejected',
      reason,
    })
    await ms(1_200)
    expect(at, 'when who was the tenth went: nine have left, each with the 100 ms that would have been theirs').toEqual(
      { stays: 100 },
    )

    const big = line(empty(10, 4))
    const four = new AbortController()
    void big.join('four', { cost: 4, signal: four.signal })
    void big.join('one')
    await ms(250)
    four.abort()
    await ms(0)
    expect(big.at, 'who waits for one, behind somebody who needed four and left when there were two').toEqual({
      one: 250,
    })

    const last = empty(10, 4)
    const shared = line(last)
    const tab = new AbortController()
    void shared.join('four', { cost: 4, signal: tab.signal })
    void shared.join('one', { signal: tab.signal })
    void shared.join('somebody else', { cost: 2 })
    await ms(250)
    // The first leaves, so it is the turn of the second, and then its signal tells it, too.
    tab.abort()
    await ms(500)
    expect(
      shared.order,
      'who went of three, of whom the first two left by the same signal: who has had its turn is not in line any more, and takes nobody along',
    ).toContain('somebody else')
    expect(last.waiting, 'who wait, after all of them').toBe(0)
  })

  test('takes nothing for who has gone already, and leaves no listener behind', async () => {
    const limiter = new RateLimiter({ perSecond: 10, burst: 1 })
    const reason = new Error('the tab is closed')
    expect(
      await outcomeOf(limiter.wait({ signal: AbortSignal.abort(reason) })),
      'who had gone before it asked',
    ).toEqual({ status: 'rejected', reason })
    expect(limiter.allow().allowed, 'allowed one, which nobody has taken').toBe(true)
    const unsignalled = limiter.wait()
    await ms(100)
    expect(await outcomeOf(unsignalled), 'of somebody who has no signal').toMatchObject({ status: 'fulfilled' })
    const { signal } = new AbortController()
    const waits = limiter.wait({ signal })
    await ms(100)
    await waits
    await ms(100)
    await limiter.wait({ signal })
    expect(
      getEventListeners(signal, 'abort').length,
      'listeners on a signal that may live as long as the process',
    ).toBe(0)
    const caller = new AbortController()
    const left = limiter.wait({ signal: caller.signal })
    caller.abort(reason)
    await outcomeOf(left)
    expect(getEventListeners(caller.signal, 'abort').length, 'listeners on the signal of who has left').toBe(0)
  })

  test('refuses at once whose turn would come too late', async () => {
    const limiter = empty(10, 2, { name: 'pigeon' })
    const { at, join } = line(limiter)
    const now = performance.now()
    void join('first')
    const late = await outcomeOf(limiter.wait({ deadline: now + 199 }))
    expect(late, 'its turn is in 200 ms, and its deadline in 199: to wait for that is to fail later').toEqual(refused)
    const { reason } = late as { reason: RateLimitedError }
    expect(reason.retryAfterMs, 'retryAfterMs: until it would have been its turn').toBeCloseTo(200)
    expect(reason.message, 'of whom?').toContain('pigeon')
    void join('in time', { deadline: now + 200 })
    await ms(300)
    expect(at, 'the refused one has taken nothing, and the turn of the other comes at its deadline').toEqual({
      first: 100,
      'in time': 200,
    })
    await ms(1_000)
    const over = await outcomeOf(limiter.wait({ deadline: performance.now() - 1 }))
    expect(over, 'a unit is there, but the deadline has passed').toEqual(refused)
    expect(limiter.allow(2).allowed, 'allowed both, of which none was taken').toBe(true)
  })

  test('refuses at once when the line is full', async () => {
    const limiter = empty(10, 1, { maxWaiting: 3 })
    const { order, join } = line(limiter)
    for (const name of ['a', 'b', 'c']) void join(name)
    expect(limiter.waiting, 'who wait').toBe(3)
    const fourth = await outcomeOf(limiter.wait())
    expect(fourth, 'the fourth, where three may wait: memory ends, too').toEqual(refused)
    expect(
      (fourth as { reason: RateLimitedError }).reason.retryAfterMs,
      'retryAfterMs of who was the fourth',
    ).toBeCloseTo(400)
    await ms(100)
    void join('d')
    await ms(300)
    expect(order, 'who went: one had gone, so there was room again').toEqual(['a', 'b', 'c', 'd'])
    const long = new RateLimiter({ perSecond: 0.001, burst: 1 })
    const many = line(long)
    for (let i = 0; i < 1_002; i++) void many.join(String(i))
    await ms(0)
    expect(long.waiting, 'who wait, of a thousand and one behind the first, where nothing was said').toBe(1_000)
  })
})

describe('Step 6: A place that is kept', () => {
  test('knows how long it is until its turn, and lets it pass by itself', async () => {
    const limiter = empty(10, 2)
    const [first, second] = [limiter.reserve(), limiter.reserve(2)]
    expect([first.delayMs, second.delayMs], 'ms until it is their turn').toEqual([100, 300])
    expect(limiter.waiting, 'who wait: a reservation is no call').toBe(0)
    expect(vi.getTimerCount(), 'timers: nobody is to be woken').toBe(0)
    await ms(60)
    expect([first.delayMs, second.delayMs], 'what is left of it, 60 ms later').toEqual([40, 240])
    const { at, join } = line(limiter)
    void join('behind')
    expect(limiter.allow().allowed, 'allowed one, past two reservations').toBe(false)
    await ms(400)
    expect(at, 'when who came after both of them went, in ms from then').toEqual({ behind: 340 })
    expect([first.delayMs, second.delayMs], 'ms, when it has been their turn').toEqual([0, 0])
    await ms(1_000)
    expect(limiter.reserve().delayMs, 'ms, where something is there').toBe(0)
    const narrow = empty(10, 1, { maxWaiting: 1 })
    narrow.reserve()
    const third = line(narrow)
    void third.join('waits')
    await ms(200)
    expect(third.order, 'who went, behind a reservation, where one may wait').toEqual(['waits'])
  })

  test('charges it when its turn was, though nobody looked', async () => {
    const limiter = empty(10, 1)
    limiter.reserve()
    limiter.reserve()
    await ms(250)
    expect(limiter.allow(), 'their turns were at 100 and at 200 ms, so the next one is at 300').toMatchObject({
      allowed: false,
      retryAfterMs: expect.closeTo(50),
    })
    await ms(1_000)
    limiter.reserve()
    expect(limiter.allow(), 'right after a reservation that took what was there').toMatchObject({
      allowed: false,
      retryAfterMs: expect.closeTo(100),
    })
  })

  test('gives all back when it is cancelled before its turn, once', async () => {
    const limiter = empty(10, 2)
    const { at, join } = line(limiter)
    const [first, second] = [limiter.reserve(2), limiter.reserve()]
    void join('behind')
    await ms(10)
    first.cancel()
    expect(
      second.delayMs,
      'ms of the reservation behind it, which moves up: 300 were the other’s, and 10 are over',
    ).toBe(90)
    first.cancel()
    expect(second.delayMs, 'ms, when it is cancelled a second time').toBe(90)
    await ms(400)
    expect(at, 'when who waits behind both of them went').toEqual({ behind: 200 })
  })

  test('gives nothing back once its turn has come', async () => {
    const limiter = new RateLimiter({ perSecond: 10, burst: 1 })
    const now = limiter.reserve()
    now.cancel()
    expect(limiter.allow().allowed, 'allowed one: the reservation’s turn was at once').toBe(false)
    const later = limiter.reserve()
    await ms(100)
    later.cancel()
    expect(limiter.allow(), 'right after the turn of a reservation that is cancelled too late').toMatchObject({
      allowed: false,
      retryAfterMs: 100,
    })
  })
})

describe('Step 7: Very late, and very long', () => {
  test('lets a burst go after the process stood still, and not all that it has missed', async () => {
    const limiter = empty(10, 3)
    const { at, order, join } = line(limiter)
    for (let i = 0; i < 20; i++) void join(String(i))
    clockLeaps(10_000)
    await ms(100)
    expect(order.length, 'who went at once when it goes on, 10 s later, at ten a second with a burst of 3').toBe(3)
    await ms(100)
    expect(order.length, 'and after 100 ms more').toBe(4)
    expect(at['3'], 'the fourth, at its own time').toBe(at['2']! + 100)
  })

  test('does not end a wait early, whatever its timer does', async () => {
    const limiter = empty(0.0000001, 1)
    expect(limiter.allow().retryAfterMs, 'ms until there is a unit, at one in 116 days').toBeCloseTo(1e10, -1)
    const { order, join } = line(limiter)
    void join('in 116 days')
    await ms(2)
    expect(order, 'who went after 2 ms: a longer delay than 2 ** 31 - 1 fires at once').toEqual([])
    await ms(MAX_TIMER_MS + 10)
    expect(order, 'who went after 25 days').toEqual([])
    await ms(10_000_000_000 - MAX_TIMER_MS)
    expect(order, 'who went after 116 days').toEqual(['in 116 days'])

    const short = line(empty(10, 1))
    void short.join('a')
    void short.join('b')
    // Node's may be, by most of a millisecond.
    clockLeaps(-0.8)
    await ms(101)
    expect(Object.keys(short.at), 'who went within a ms of his turn, when the timer had fired before it').toEqual(['a'])
    await ms(101)
    expect(Object.keys(short.at), 'and the next').toEqual(['a', 'b'])
    expect(short.at['b']! - short.at['a']!, 'ms between the two').toBeGreaterThanOrEqual(100)
  })
})
