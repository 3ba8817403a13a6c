import type { IncomingMessage } from 'node:http'
import { describe, expect, test, vi } from 'vitest'
import { Bookings } from './bookings.ts'
import { startFleet } from './fleet.ts'
import { openFleet, QUOTE } from './harness.ts'
import { latencyAt, LONG_TAIL, randomFor } from './latency.ts'
import { Work } from './work.ts'

const request = { method: 'GET', url: QUOTE, headers: {} } as IncomingMessage

function workOf(seed: number, options: { latency?: typeof LONG_TAIL; capacity?: number } = {}) {
  const bookings = new Bookings('pigeon', 1000, () => randomFor(seed, 'bookings'))
  const defaults = { latency: LONG_TAIL, errorRate: 0, capacity: 64, heartbeatMs: 1000 }
  return new Work({ ...defaults, ...options, bookings }, randomFor(seed, 'work'))
}

/** How long each of `count` calls takes, on a virtual clock, when all begin at the same time. */
async function latenciesOf(work: Work, count: number, signal = new AbortController().signal) {
  vi.useFakeTimers()
  const start = performance.now()
  const calls = Array.from({ length: count }, async () => {
    await work.accept(request)('', signal)
    return performance.now() - start
  })
  await vi.runAllTimersAsync()
  return Promise.all(calls)
}

describe('the latency law', () => {
  test('gives each latency its share', () => {
    const random = randomFor(1, 'shares')
    const counts = new Map<number, number>()
    for (let i = 0; i < 100_000; i++) {
      const ms = latencyAt(LONG_TAIL, random())
      counts.set(ms, (counts.get(ms) ?? 0) + 1)
    }
    for (const { percent, ms } of LONG_TAIL) {
      const expected = percent * 1000
      expect(Math.abs((counts.get(ms) ?? 0) - expected), `${ms} ms`).toBeLessThan(5 * Math.sqrt(expected))
    }
  })

  test('covers every draw', () => {
    expect(latencyAt(LONG_TAIL, 0)).toBe(5)
    expect(latencyAt(LONG_TAIL, 0.4999)).toBe(5)
    expect(latencyAt(LONG_TAIL, 0.5)).toBe(10)
    expect(latencyAt(LONG_TAIL, 1 - Number.EPSILON / 2)).toBe(1000)
  })

  test('does not give the first request of every seed the same latency', () => {
    const firsts = Array.from({ length: 1000 }, (_, seed) => latencyAt(LONG_TAIL, randomFor(seed, 'work')()))
    const share = (ms: number) => firsts.filter((first) => first === ms).length / firsts.length
    expect(share(5)).toBeCloseTo(0.5, 1)
    expect(share(10)).toBeCloseTo(0.45, 1)
  })

  test('is drawn in the order of the requests: the same for a seed, another for another', async () => {
    const seeds = [1, 1, 2]
    const [one, again, other] = await Promise.all(seeds.map((seed) => latenciesOf(workOf(seed), 50)))
    expect(new Set(one).size).toBeGreaterThan(1)
    expect(again).toEqual(one)
    expect(other).not.toEqual(one)
  })

  test('is drawn on arrival: a request whose work never begins does not shift the later ones', async () => {
    const [all, rest] = [workOf(1), workOf(1)]
    rest.accept(request)
    expect(await latenciesOf(rest, 20)).toEqual((await latenciesOf(all, 21)).slice(1))
  })
})

test('a deadline that has passed costs no time at all', async () => {
  vi.useFakeTimers()
  const late = { ...request, headers: { 'deadline-ms': '0' } } as unknown as IncomingMessage
  expect(await workOf(1).accept(late)('', new AbortController().signal)).toMatchObject({ status: 504 })
  expect(vi.getTimerCount()).toBe(0)
})

describe('capacity', () => {
  const latency = [{ percent: 100, ms: 100 }]

  test('is free up to its limit, and costs the square of the load beyond', async () => {
    expect(await latenciesOf(workOf(1, { latency, capacity: 2 }), 4)).toEqual([100, 100, 225, 400])
  })

  test('is not used by callers who have gone', async () => {
    const work = workOf(1, { latency, capacity: 2 })
    const gone = new AbortController()
    vi.useFakeTimers()
    const calls = Promise.allSettled(Array.from({ length: 10 }, () => work.accept(request)('', gone.signal)))
    gone.abort()
    expect((await calls).every(({ status }) => status === 'rejected')).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
    expect(await latenciesOf(work, 2)).toEqual([100, 100])
  })
})

test('errors come at their rate, the same for a seed and after a reset, and differ between replicas', async () => {
  const statuses = async ({ fetchJson }: Awaited<ReturnType<typeof openFleet>>, replica: number) => {
    const seen: number[] = []
    while (seen.length < 20) seen.push((await fetchJson(QUOTE, { replica })).status)
    return seen
  }
  const [one, again] = [await openFleet({ seed: 7, errorRate: 0.5 }), await openFleet({ seed: 7, errorRate: 0.5 })]
  const seen = await statuses(one, 0)
  expect(new Set(seen)).toEqual(new Set([200, 500]))
  expect(await statuses(again, 1)).not.toEqual(seen)
  expect(await statuses(again, 0)).toEqual(seen)
  await again.fleet.reset()
  expect(await statuses(again, 0)).toEqual(seen)
})

test('one carrier may be otherwise than the others', async () => {
  const { fetchJson } = await openFleet({ errorRate: 1, carriers: { swift: { errorRate: 0 } } })
  expect((await fetchJson(QUOTE)).status).toBe(500)
  expect((await fetchJson(QUOTE, { carrier: 'swift' })).status).toBe(200)
})

test.each([
  [{ errorRate: 2 }, 'errorRate'],
  [{ errorRate: NaN }, 'errorRate'],
  [{ capacity: 0 }, 'capacity'],
  [{ statusMs: -1 }, 'statusMs'],
  [{ heartbeatMs: 0 }, 'heartbeatMs'],
  [{ seed: 0.5 }, 'seed'],
  [{ latency: [] }, 'latency'],
  [{ latency: [{ percent: 90, ms: 1 }] }, 'latency'],
  [{ latency: [{ percent: 100, ms: -1 }] }, 'latency'],
  [{ latency: [{ percent: 100, ms: NaN }] }, 'latency'],
  [{ carriers: { swift: { errorRate: -1 } } }, 'errorRate'],
])('options out of bounds are refused by name: %j', async (options, name) => {
  await expect(startFleet(options)).rejects.toThrow(RangeError)
  await expect(startFleet(options)).rejects.toThrow(name)
})
