import { AimdLimit, type AimdOptions } from '#chapters/08-load-shedding/limit.ts'
import { Door, type Pass } from '#chapters/08-load-shedding/door.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { holdBothClocks } from '../../shared/testing/clock.ts'
import { promisesSettle } from '../../shared/testing/outcome.ts'
import { turnsAskedFor } from '../../shared/testing/turns.ts'
import { occupied } from '../../shared/testing/visits.ts'

beforeEach(holdBothClocks)

/** A limit that is told what is late, and windows of visits. */
function limited(options: Partial<AimdOptions> = {}) {
  let late = 0
  const limit = new AimdLimit({ max: 100, isLate: () => late-- > 0, ...options })
  /** A window: so many visits, so many of them late, at most so many inside at a time. */
  const window = ({ visits = 20, isLate = 0, inside = limit.places, ms = 100 } = {}) => {
    late = isLate
    for (let i = 0; i < visits; i++) {
      if (i === visits - 1) vi.advanceTimersByTime(ms)
      // How long it took says nothing: late is what `isLate` says.
      limit.learn({ ms: 10_000, inside: i === 0 ? inside : 1 })
    }
    return limit.places
  }
  return { limit, window }
}

describe('Step 8: How many?', () => {
  test('has one place more after each window that was in time', () => {
    const { limit, window } = limited({ initial: 10 })
    expect(limit.places, 'to begin with').toBe(10)
    const places = Array.from({ length: 5 }, () => window())
    expect(places, 'one window in time after the other').toEqual([11, 12, 13, 14, 15])
    expect(new AimdLimit({ max: 7, isLate: () => false }).places, 'without `initial`: max').toBe(7)
  })

  test('has a tenth less after a window that was late, once for all who were', () => {
    const { window } = limited({ initial: 100 })
    const places = Array.from({ length: 3 }, () => window({ isLate: 20 }))
    expect(places, 'each window all late: 0.9, 0.81 and 0.729 of a hundred').toEqual([90, 81, 72])
    const half = limited({ initial: 100, backoff: 0.5 })
    expect(half.window({ isLate: 20 }), 'backoff: 0.5').toBe(50)
  })

  test('does not shrink because a few were late', () => {
    const { window } = limited({ initial: 50 })
    expect(window({ isLate: 10 }), 'ten of twenty: that is not most of them').toBe(51)
    expect(window({ isLate: 10 }), 'ten of the next twenty: each window is judged by its own visits').toBe(52)
    expect(window({ isLate: 11 }), 'eleven of twenty are').toBe(46)
  })

  test('never has fewer than one nor more than the most, and grows again from there', () => {
    const { window } = limited({ initial: 3, max: 6 })
    for (let i = 0; i < 30; i++) window({ isLate: 20 })
    expect(window({ isLate: 20 }), 'after thirty late windows').toBe(1)
    const places = Array.from({ length: 7 }, () => window())
    expect(places, 'and then all in time').toEqual([2, 3, 4, 5, 6, 6, 6])
    const full = limited({ initial: 6, max: 6 })
    const inTurn = Array.from({ length: 5 }, (_, i) => full.window({ isLate: i % 2 ? 0 : 20 }))
    expect(
      inTurn,
      'late and in time in turn, from the most, which is six: what is above it is not kept for later',
    ).toEqual([5, 6, 5, 6, 5])
    const least = limited({ initial: 30, min: 20 })
    for (let i = 0; i < 30; i++) least.window({ isLate: 20 })
    expect(least.window({ isLate: 20 }), 'min: 20').toBe(20)
  })

  test('does not lose by rounding what it wins', () => {
    const { window } = limited({ initial: 5 })
    const places: number[] = []
    for (let i = 0; i < 3; i++) {
      places.push(window({ isLate: 20 }))
      places.push(window())
    }
    expect(places, 'a tenth less, one more, three times over, from 5: 4.5, 5.5, 4.95, 5.95, 5.36, 6.36').toEqual([
      4, 5, 4, 5, 5, 6,
    ])
  })

  test('does not grow when half of the places are empty', () => {
    const { window } = limited({ initial: 10 })
    expect(window({ inside: 4 }), 'four of ten were taken at most').toBe(10)
    expect(window({ inside: 5 }), 'five of ten').toBe(11)
    expect(window({ inside: 5 }), 'and five of eleven').toBe(11)
    expect(window({ inside: 11 }), 'all of them').toBe(12)
    expect(window({ inside: 1 }), 'one of twelve, whatever there was before').toBe(12)
    for (let i = 0; i < 3; i++) window({ inside: 1 })
    expect(window({ isLate: 20 }), 'all late, after four calm windows: each window is judged by its own visits').toBe(
      10,
    )
    expect(window({ inside: 1 }), 'one of ten, after a window in which all were taken').toBe(10)
    expect(window({ inside: 1, isLate: 20 }), 'all late, and nine of ten places empty: late is late').toBe(9)
    const other = limited({ initial: 12 })
    other.window({ isLate: 20 })
    expect(other.window({ inside: 5 }), '10.8 are ten places, and five are half of them').toBe(11)
  })

  test('decides when there is enough to decide by, and no more often than it said', () => {
    const { limit, window } = limited({ initial: 10, windowMs: 250 })
    expect(window({ visits: 9, ms: 1_000 }), 'nine visits say nothing').toBe(10)
    expect(window({ visits: 1, ms: 1 }), 'the tenth').toBe(11)
    expect(
      window({ visits: 500, ms: 249 }),
      'windowMs: 250, and 249 ms since it last decided, in which 500 have left',
    ).toBe(11)
    expect(window({ visits: 1, ms: 1 }), '250 ms').toBe(12)
    vi.setSystemTime(Date.now() + 3_600_000)
    for (let i = 0; i < 20; i++) limit.learn({ ms: 10, inside: 10 })
    expect(limit.places, 'somebody has set the wall clock').toBe(12)
  })

  test('asks about the visit, and not about itself', () => {
    const asked: unknown[] = []
    const limit = new AimdLimit({
      max: 100,
      isLate(visit) {
        asked.push(visit)
        return visit.ms > 50
      },
    })
    vi.advanceTimersByTime(100)
    limit.learn({ ms: 60, inside: 100 })
    expect(asked.length, 'asked as each visit ends: what is late then is not when the window is over').toBe(1)
    for (let i = 1; i < 10; i++) limit.learn({ ms: 60, inside: 100 })
    expect(asked, 'isLate is given what the door has told').toEqual(
      Array.from({ length: 10 }, () => ({ ms: 60, inside: 100 })),
    )
    expect(limit.places).toBe(90)
  })

  test('lets several in when it grows, and nobody out when it shrinks', async () => {
    const limit = { places: 1, learn: vi.fn() }
    const door = new Door({ limit, queue: 10 })
    const passes: Pass[] = []
    for (let i = 0; i < 6; i++) void door.enter().then((pass) => passes.push(pass))
    await promisesSettle()
    await promisesSettle()
    expect(passes.length, 'one place').toBe(1)
    vi.advanceTimersByTime(30)
    limit.places = 3
    passes[0]!.leave()
    await promisesSettle()
    await promisesSettle()
    expect(limit.learn, 'what the limit has learnt of the first visit').toHaveBeenCalledExactlyOnceWith({
      ms: 30,
      inside: 1,
    })
    expect(limit.learn.mock.contexts[0], 'a method is called on its object: a limit has to find its own numbers').toBe(
      limit,
    )
    expect({ inside: door.inside, waiting: door.waiting, places: door.places }, 'three places by now').toEqual({
      inside: 3,
      waiting: 2,
      places: 3,
    })
    limit.places = 1
    vi.advanceTimersByTime(5)
    passes[1]!.leave()
    expect(limit.learn, 'of one that has waited for 30 ms, and was inside for 5').toHaveBeenLastCalledWith({
      ms: 5,
      inside: 3,
    })
    await promisesSettle()
    await promisesSettle()
    expect(
      { inside: door.inside, waiting: door.waiting },
      'three were inside, one left, and there is one place',
    ).toEqual({ inside: 2, waiting: 2 })
    for (const pass of passes) pass.leave()
    await promisesSettle()
    await promisesSettle()
    expect(passes.length, 'one more, when all who were too many have left').toBe(5)
    passes.at(-1)!.leave()
    await promisesSettle()
    await promisesSettle()
    expect(passes.length).toBe(6)
  })

  test('has as long a queue when it shrinks, however many are inside', async () => {
    const limit = { places: 3, learn() {} }
    const door = new Door({ limit, queue: 2 })
    const refused: unknown[] = []
    const enter = () => void door.enter().catch((error: unknown) => refused.push(error))
    for (let i = 0; i < 3; i++) enter()
    await promisesSettle()
    limit.places = 1
    for (let i = 0; i < 3; i++) enter()
    await promisesSettle()
    await promisesSettle()
    expect(
      { inside: door.inside, waiting: door.waiting, refused: refused.length },
      'three inside, one place by now, and three more come to a queue of two',
    ).toEqual({ inside: 3, waiting: 2, refused: 1 })
    expect(await turnsAskedFor(5), 'turns asked for in 5 ms in which nobody can go in').toBeLessThan(3)
    await vi.advanceTimersByTimeAsync(100)
  })

  test('hears of each visit once, however often its place is given back', async () => {
    const learn = vi.fn()
    const other = await occupied({ limit: { places: 1, learn } })
    for (let i = 0; i < 2; i++) other.leave()
    expect(learn.mock.calls.length, 'visits of which a limit hears, when one has left twice').toBeLessThan(2)
    expect(learn.mock.calls.length, 'visits of which a limit hears, when one has left').toBe(1)
  })
})

describe('Step 13: Nonsense', () => {
  test('refuses limits that are out of bounds, by name', () => {
    const nonsense: Partial<AimdOptions>[] = [
      { min: 0 },
      { min: 1.5 },
      { min: NaN },
      { min: 20, max: 10 },
      { max: 0 },
      { max: 1.5 },
      { max: Infinity },
      { max: 10, initial: 11 },
      { min: 5, initial: 4 },
      { initial: NaN },
      { windowMs: 0 },
      { windowMs: Infinity },
      { windowMs: NaN },
      { backoff: 0 },
      { backoff: 1 },
      { backoff: 1.5 },
      { backoff: NaN },
    ]
    for (const options of nonsense) {
      const make = () => new AimdLimit({ max: 100, isLate: () => false, ...options })
      expect(make, JSON.stringify(options)).toThrow(RangeError)
      expect(make, 'the message names the option').toThrow(new RegExp(Object.keys(options).join('|')))
    }
    const odd = { min: 5, max: 5, initial: 5, windowMs: 0.5, backoff: 0.01 }
    expect(() => new AimdLimit({ ...odd, isLate: () => false }), 'unusual, and fine').not.toThrow()
  })
})
