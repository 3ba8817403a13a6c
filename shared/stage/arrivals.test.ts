import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Arrivals, type Pace } from './arrivals.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const pace: Pace = { perSecond: 20, paused: false, seed: 1 }

function start(changes: Partial<Pace> = {}) {
  const arrived: { path: string; dueMs: number; lateMs: number }[] = []
  const startedAt = performance.now()
  const arrivals = new Arrivals({ ...pace, ...changes }, (path, dueAt) =>
    arrived.push({ path, dueMs: dueAt - startedAt, lateMs: performance.now() - dueAt }),
  )
  arrivals.go()
  const count = async (seconds: number) => {
    const before = arrived.length
    await vi.advanceTimersByTimeAsync(seconds * 1000)
    return arrived.length - before
  }
  return { arrivals, arrived, count }
}

test('come as often as told, at random, each when it is due', async () => {
  const { arrived, count } = start()
  expect(await count(100)).toBeGreaterThan(1800)
  expect(arrived.length).toBeLessThan(2200)
  expect(Math.max(...arrived.map(({ lateMs }) => lateMs))).toBeLessThanOrEqual(1)
  const gaps = arrived.slice(1).map(({ dueMs }, i) => dueMs - arrived[i]!.dueMs)
  expect(
    gaps.filter((ms) => ms > 100).length / gaps.length,
    'one gap of a Poisson process in e² is twice the mean',
  ).toBeCloseTo(Math.exp(-2), 1)
})

test('are the same with the same seed, and others with another', async () => {
  const [one, same, other] = [start(), start(), start({ seed: 2 })]
  await one.count(10)
  expect(same.arrived).toEqual(one.arrived)
  expect(other.arrived.map(({ path }) => path)).not.toEqual(one.arrived.map(({ path }) => path))
})

test('a change of the rate is in force at once, a pause too', async () => {
  const { arrivals, count } = start({ perSecond: 1 })
  arrivals.go({ perSecond: 200 })
  expect(await count(10)).toBeGreaterThan(1800)
  arrivals.go({ paused: true })
  expect(await count(10)).toBe(0)
  expect(arrivals.pace).toEqual({ perSecond: 200, paused: true, seed: 1 })
  arrivals.go({ paused: false, perSecond: 20 })
  expect(await count(10)).toBeLessThan(300)
})

test('a seed begins its draws anew', async () => {
  const { arrivals, arrived, count } = start()
  await count(3)
  const paths = arrived.splice(0).map(({ path }) => path)
  arrivals.go({ seed: 1 })
  await count(3)
  expect(arrived.slice(0, 20).map(({ path }) => path)).toEqual(paths.slice(0, 20))
})

test('a machine that has slept for an hour is not run over by those who were due in it', async () => {
  const { arrived } = start()
  // At one go, which leaves no turn for anything in between.
  vi.advanceTimersByTime(3_600_000)
  await vi.advanceTimersByTimeAsync(0)
  expect(arrived.length).toBeLessThan(200)
})

test('none comes after the end', async () => {
  const { arrivals, count } = start()
  arrivals.stop()
  expect(await count(10)).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('of a newsletter, most ask one of five questions, and a crowd asks the same at once', async () => {
  const { arrived, count } = start({ popular: 0.9, crowd: 150 })
  await count(10)
  const byPath = Map.groupBy(arrived, ({ path }) => path)
  const popular = [...byPath.values()].filter((all) => all.length > 10)
  expect(popular.length).toBe(5)
  for (const all of popular) {
    const crowds = Map.groupBy(all, ({ dueMs }) => dueMs)
    expect(Math.max(...[...crowds.values()].map((same) => same.length))).toBe(150)
  }
  const others = arrived.length - popular.flat().length
  expect(others, 'of 200, one in ten').toBeGreaterThan(5)
  expect(others).toBeLessThan(40)
})

test('in a rush, so many more come a second, for five seconds', async () => {
  const { arrivals, count } = start()
  const before = await count(5)
  arrivals.rush(100)
  expect((await count(5)) - before, 'at 100 a second').toBeGreaterThan(400)
  expect(await count(5), 'when it is over').toBeLessThan(2 * before)
})
