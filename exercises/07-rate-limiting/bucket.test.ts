import { TokenBucket } from '#chapters/07-rate-limiting/bucket.ts'
import type { Rate } from '#chapters/07-rate-limiting/options.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { seededRandom } from '../../shared/core/random.ts'

beforeEach(() => {
  vi.useFakeTimers()
  // Outside of tests, no clock that one looks at stands at 0.
  vi.advanceTimersByTime(5_000)
})

/** Asks so often at once. @returns how often it was allowed */
const asks = (bucket: TokenBucket, times: number, cost?: number) =>
  Array.from({ length: times }, () => bucket.allow(cost)).filter(({ allowed }) => allowed).length

/** Asks each millisecond. @returns when it was allowed, in ms from the first time */
function askEachMs(bucket: TokenBucket, ms: number, cost = 1): number[] {
  const at: number[] = []
  for (let now = 0; now < ms; now++) {
    if (bucket.allow(cost).allowed) at.push(now)
    vi.advanceTimersByTime(1)
  }
  return at
}

describe('Step 1: No drip', () => {
  test('lets a burst through, and then a unit at a time', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 })
    expect(asks(bucket, 20), 'of 20 at once, with a burst of 5').toBe(5)
    vi.advanceTimersByTime(99)
    expect(asks(bucket, 20), 'of 20, after 99 ms: at 10 a second there is another one after 100').toBe(0)
    vi.advanceTimersByTime(1)
    expect(asks(bucket, 20), 'of 20, after 100 ms: nobody has to wait until all of it is back').toBe(1)
    vi.advanceTimersByTime(350)
    expect(asks(bucket, 20), 'of 20, after 350 ms more: three, and half of a fourth').toBe(3)
    vi.advanceTimersByTime(8 * 3_600_000)
    expect(asks(bucket, 20), 'of 20, after a night: a burst, and not what a night would bring').toBe(5)
  })

  test('has a burst of a second, unless it is told', () => {
    expect(asks(new TokenBucket({ perSecond: 2.2 }), 10), 'of 10 at once, at 2.2 a second: rounded up').toBe(3)
    expect(asks(new TokenBucket({ perSecond: 0.1 }), 10), 'of 10 at once, at one in ten seconds: one at least').toBe(1)
  })

  test('lets no more through in any span, whatever edge lies in it', () => {
    const rates: [perSecond: number, burst: number][] = [
      [10, 10],
      [50, 100],
      [7, 3],
      [300, 1],
    ]
    for (const [perSecond, burst] of rates) {
      const random = seededRandom(7)
      const bucket = new TokenBucket({ perSecond, burst })
      const at: number[] = []
      for (let i = 0; i < 1_500; i++) {
        if (bucket.allow().allowed) at.push(performance.now())
        // Mostly all at once, sometimes just before or after the time in which it fills up.
        const draw = random()
        if (draw < 0.02) vi.advanceTimersByTime(Math.floor(((burst * 1000) / perSecond) * (0.9 + 0.2 * random())))
        else if (draw < 0.4) vi.advanceTimersByTime(Math.floor(random() * 20))
      }
      let worst = { got: 0, may: 0, ms: 0, over: -Infinity }
      for (const [i, from] of at.entries()) {
        for (let j = i; j < at.length; j++) {
          const ms = at[j]! - from
          const may = burst + (perSecond * ms) / 1000
          if (j - i + 1 - may > worst.over) worst = { got: j - i + 1, may, ms, over: j - i + 1 - may }
        }
      }
      expect(
        worst.over,
        `${worst.got} within ${Math.round(worst.ms)} ms, at ${perSecond} a second with a burst of ${burst}; at most ${worst.may.toFixed(1)}. ` +
          'Does a counter begin anew at some edge, right after somebody has used it up?',
      ).toBeLessThanOrEqual(0.01)
    }
  })

  test('does not care what the wall clock does, and needs no timer', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 })
    asks(bucket, 5)
    expect(vi.getTimerCount(), 'timers: nobody has to add anything while nobody asks').toBe(0)
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(asks(bucket, 5), 'allowed because somebody has put the clock forward by an hour').toBe(0)
    vi.setSystemTime(Date.now() - 7_200_000)
    vi.advanceTimersByTime(100)
    expect(asks(bucket, 5), 'allowed 100 ms later, with the clock put back by two hours').toBe(1)
  })

  test('gives who asks all the time his rate, no less and no more', () => {
    for (const perSecond of [50, 125]) {
      for (const cost of [1, 5]) {
        const burst = 10
        const at = askEachMs(new TokenBucket({ perSecond, burst }), 4_000, cost)
        const eachMs = (cost * 1000) / perSecond
        const steady = at.slice(-20)
        const gaps = steady.slice(1).map((ms, i) => ms - steady[i]!)
        const what = `at ${perSecond} a second with a burst of ${burst} and a cost of ${cost}, asked each ms for 4 s`
        expect(at.length, `times, ${what}: is a refusal paid for, or is something rounded away?`).toBe(
          Math.floor((burst + perSecond * 3.999) / cost),
        )
        expect([...new Set(gaps)], `ms from one to the next once the burst is used up, ${what}`).toEqual([eachMs])
      }
    }
    const odd = askEachMs(new TokenBucket({ perSecond: 300, burst: 3 }), 4_000)
    expect(
      Math.abs(odd.length - 1_202),
      `off 1,202: ${odd.length}, at 300 a second, a burst of 3, asked each ms for 4 s: 3.33 ms are not 3, and not 4`,
    ).toBeLessThanOrEqual(1)
  })

  test('says when to come again, and means it', () => {
    for (const [perSecond, cost] of [
      [10, 1],
      [50, 1],
      [10, 5],
      [0.1, 1],
      [3, 1],
      [7, 2],
      [300, 1],
    ] as const) {
      const what = `at ${perSecond} a second, for a cost of ${cost}`
      const bucket = new TokenBucket({ perSecond, burst: 5 })
      for (let i = 0; i < 20; i++) {
        asks(bucket, 5, cost)
        const { retryAfterMs } = bucket.allow(cost)
        expect(retryAfterMs, `retryAfterMs of a refusal, ${what}`).toBeGreaterThan(0)
        expect(retryAfterMs, `retryAfterMs, ${what}, which brings it in ${(cost * 1000) / perSecond} ms`).toBeLessThan(
          (cost * 1000) / perSecond + 0.002,
        )
        const isWhole = 1000 % perSecond === 0
        if (isWhole) {
          vi.advanceTimersByTime(retryAfterMs - 1)
          expect(bucket.allow(cost).allowed, `allowed a ms before he was told to come, ${what}`).toBe(false)
          vi.advanceTimersByTime(1)
        } else vi.advanceTimersByTime(retryAfterMs)
        expect(
          bucket.allow(cost).allowed,
          `allowed when he came exactly after the ${retryAfterMs} ms that he was told, ${what}`,
        ).toBe(true)
        vi.advanceTimersByTime(i * 7)
      }
    }
    expect(new TokenBucket({ perSecond: 1 }).allow().retryAfterMs, 'retryAfterMs of who was allowed').toBe(0)

    // The larger a number, the coarser its fractions: a tolerance that is enough on the first day is none in a month.
    vi.advanceTimersByTime(30 * 24 * 3_600_000)
    for (const perSecond of [3, 7, 300]) {
      const bucket = new TokenBucket({ perSecond, burst: 5 })
      asks(bucket, 5)
      const told = Array.from({ length: 50 }, () => {
        vi.advanceTimersByTime(bucket.allow().retryAfterMs)
        return bucket.allow().allowed
      })
      expect(
        told.filter((allowed) => !allowed).length,
        `of 50 who came when they were told, refused again, at ${perSecond} a second, in a process that is a month old`,
      ).toBe(0)
    }
  })

  test('says how much is left, and when there will be more', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 })
    expect(bucket.allow(2), 'two of five').toEqual({ allowed: true, remaining: 3, retryAfterMs: 0, moreInMs: 100 })
    vi.advanceTimersByTime(30)
    expect(bucket.allow(), 'a third one 30 ms later: what is left is rounded down').toMatchObject({
      allowed: true,
      remaining: 2,
      moreInMs: expect.closeTo(70),
    })
    expect(bucket.allow(4), 'four, of two and a bit').toEqual({
      allowed: false,
      remaining: 2,
      retryAfterMs: expect.closeTo(170),
      moreInMs: expect.closeTo(70),
    })
    vi.advanceTimersByTime(10_000)
    expect(bucket.allow(5), 'all five').toMatchObject({ allowed: true, remaining: 0, moreInMs: expect.closeTo(100) })

    for (const perSecond of [3, 7, 300]) {
      const odd = new TokenBucket({ perSecond, burst: 3 })
      const left = [odd.allow(), odd.allow(), odd.allow()].map(({ remaining }) => remaining)
      expect(left, `left of 3, at ${perSecond} a second: a bit of a fraction is no unit`).toEqual([2, 1, 0])
      const full: Rate = { perSecond, burst: 1_000 }
      const half = new TokenBucket(full)
      half.allow(0.5)
      vi.advanceTimersByTime(1000)
      expect(half.allow(0.5).remaining, `left of 1,000 after a half, which was full, at ${perSecond} a second`).toBe(
        999,
      )
    }
  })

  test('takes fractions, and says no to what no bucket could have', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 })
    expect(asks(bucket, 20, 0.5), 'of 20 that cost a half, with a burst of 5').toBe(10)
    for (const cost of [0, -1, 5.1, NaN, Infinity, '1' as unknown as number]) {
      expect(
        () => bucket.allow(cost),
        `a cost of ${cost}: who waits for that waits for ever, or gets more than all`,
      ).toThrow(RangeError)
    }
  })
})
