import { describe, expect, test } from 'vitest'
import { seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { amplification } from './amplification.ts'
import { collapse, strategies as hedges } from '../stage/busy-replicas.ts'
import { contend, mean, strategies } from './contention.ts'
import { slowShare } from './fan-out.ts'
import { backoffs, CLIENTS, herd } from '../stage/herd.ts'
import { savedResults } from './results.ts'
import { Replica } from '../stage/replica.ts'
import { percent, table } from '../stage/table.ts'
import { tailAtScale } from './tail-at-scale.ts'
import { inVirtualTime } from '../stage/virtual-time.ts'

const patient = { timeout: 120_000 }

describe('Virtual time', () => {
  test('lets an hour go by at once, in the order of the clock', async () => {
    const heard: [string, number][] = []
    const say = (word: string) => heard.push([word, performance.now()])
    await inVirtualTime(async () => {
      const late = sleep(3_600_000).then(() => say('an hour'))
      setTimeout(() => say('first of two'), 20)
      setTimeout(() => say('second of two'), 20)
      clearTimeout(setTimeout(() => say('cleared'), 10))
      await sleep(5)
      say('five')
      await late
    })
    expect(heard).toEqual([
      ['five', 5],
      ['first of two', 20],
      ['second of two', 20],
      ['an hour', 3_600_000],
    ])
  })

  test('lets every promise settle before the clock moves', async () => {
    const order: number[] = []
    await inVirtualTime(async () => {
      setTimeout(async () => {
        for (let i = 0; i < 50; i++) await null
        order.push(1)
      }, 1)
      setTimeout(() => order.push(2), 2)
      await sleep(3)
    })
    expect(order).toEqual([1, 2])
  })

  test('fires thousands of timers in order, whatever the order in which they were set', async () => {
    const random = seededRandom(1)
    const fired: number[] = []
    await inVirtualTime(async () => {
      for (let i = 0; i < 5_000; i++) setTimeout(() => fired.push(performance.now()), 1 + 1000 * random())
      await sleep(2_000)
    })
    expect(fired.length).toBe(5_000)
    expect(fired).toEqual(fired.toSorted((a, b) => a - b))
  })

  test('gives the real clock back, and says so when the work waits for something else', async () => {
    const real = [setTimeout, clearTimeout, performance.now]
    await expect(inVirtualTime(() => new Promise(() => {}))).rejects.toThrow('Nothing left to wait for')
    await expect(
      inVirtualTime(async () => {
        await sleep(1)
        throw new Error('its own')
      }),
    ).rejects.toThrow('its own')
    expect([setTimeout, clearTimeout, performance.now]).toEqual(real)
  })
})

describe('The Tail at Scale', () => {
  test('p99.9 is twenty times lower, for at most 2.1 % more requests', patient, async () => {
    const plain = await tailAtScale('one request a leaf', 6_000)
    const hedged = await tailAtScale('after the live p98, on a 2 % budget', 6_000)
    expect(plain.p999Ms / hedged.p999Ms).toBeGreaterThan(20)
    expect(hedged.extra).toBeLessThan(0.021)
    expect(hedged.p50Ms).toBeLessThan(plain.p50Ms)
    expect(plain.extra).toBe(0)
  })

  test('is the same again with the same seed, and another with another', patient, async () => {
    const run = (seed: number) => tailAtScale('after the live p98, on a 2 % budget', 200, seed)
    const once = await run(1)
    const again = await run(1)
    const other = await run(2)
    expect(again).toEqual(once)
    expect(other).not.toEqual(once)
  })

  test('63 % of the requests to a hundred leaves meet a slow one', () => {
    expect(slowShare(100, 100_000, seededRandom(3))).toBeCloseTo(1 - 0.99 ** 100, 2)
    expect(slowShare(1, 100_000, seededRandom(3))).toBeCloseTo(0.01, 2)
  })
})

describe('The contention', () => {
  test('is the same again with the same seed, and another with another', patient, async () => {
    const once = await contend(strategies.full, 20, 1)
    expect(await contend(strategies.full, 20, 1)).toEqual(once)
    expect(await contend(strategies.full, 20, 2)).not.toEqual(once)
  })

  test('costs one call a client when there is nobody to contend with', async () => {
    expect((await contend(strategies.none, 1, 1)).writesAt).toHaveLength(1)
  })

  test('takes a third of the calls with full jitter, and ages with exponential backoff alone', patient, async () => {
    const none = await mean('none', 100, 3)
    const exponential = await mean('exponential', 100, 3)
    const full = await mean('full', 100, 3)
    expect(full.calls / none.calls).toBeLessThan(0.4)
    expect(exponential.ms / full.ms).toBeGreaterThan(8)
  })
})

describe('The herd', () => {
  test('is what was saved, and what its slide says: jitter alone makes the difference', async () => {
    const { figures } = savedResults(['herd'])[0]!
    const [without, within] = [await herd(backoffs.withoutJitter), await herd(backoffs.withJitter)]
    expect(figures).toMatchObject({
      withoutJitterServed: without.served,
      withoutJitterCalls: without.calledAt.length,
      withJitterServed: within.served,
      withJitterCalls: within.calledAt.length,
    })
    expect([without.served, within.served]).toEqual([0, CLIENTS])
  })
})

describe('Amplification', () => {
  test('is attempts to the power of layers, exactly', async () => {
    expect(await amplification({ layers: 3, attempts: 4, calls: 10 })).toBe(64)
    expect(await amplification({ layers: 2, attempts: 3, calls: 10 })).toBe(9)
  })

  test('is 1.1 to the power of layers at most, with budgets of 10 %', patient, async () => {
    const times = await amplification({ layers: 3, attempts: 4, ratio: 0.1, calls: 2_000 })
    expect(times).toBeLessThanOrEqual(1.1 ** 3)
    expect(times).toBeGreaterThan(1.2)
  })
})

describe('The collapse', () => {
  test('a hedge on a budget, with cancel, is no worse than none at any load', patient, async () => {
    for (const load of [0.3, 0.5, 0.7, 0.9]) {
      const none = await collapse(hedges['no hedge'], load, 10_000)
      const hedged = await collapse(hedges['live p95, 5 % budget'], load, 10_000)
      expect(hedged.p99Ms, `at ${percent(load)}`).toBeLessThanOrEqual(none.p99Ms)
      expect(hedged.extra).toBeLessThanOrEqual(0.05)
    }
  })

  test('a hedge without either brings a busy service down', patient, async () => {
    const none = await collapse(hedges['no hedge'], 0.7, 10_000)
    const greedy = await collapse(hedges['after 20 ms, no budget, no cancel'], 0.7, 10_000)
    expect(greedy.p99Ms / none.p99Ms).toBeGreaterThan(10)
    expect(greedy.extra).toBeGreaterThan(0.9)
  })

  test('a replica serves one at a time, in the order of arrival, without those who left', async () => {
    const served: [string, number][] = []
    await inVirtualTime(async () => {
      const replica = new Replica()
      const leaver = new AbortController()
      const visit = (name: string, signal?: AbortSignal) =>
        replica.serve(10, signal).then(
          () => served.push([name, performance.now()]),
          (reason) => served.push([`${name}: ${reason}`, performance.now()]),
        )
      const all = [visit('first', leaver.signal), visit('second', leaver.signal), visit('third')]
      await sleep(5)
      leaver.abort('left')
      await Promise.all(all)
    })
    // The first one's work had begun, so it runs to its end.
    expect(served).toEqual([
      ['second: left', 5],
      ['first', 10],
      ['third', 20],
    ])
  })
})

test('a table has its names on the left, and its numbers under each other', () => {
  expect(
    table([
      ['', 'ms'],
      ['short', 7],
      ['much longer', 1234.5],
    ]),
  ).toBe('               ms\nshort           7\nmuch longer  1235')
})
