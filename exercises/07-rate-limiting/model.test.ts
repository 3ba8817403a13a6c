import { TokenBucket } from '#chapters/07-rate-limiting/bucket.ts'
import { ClientLimits } from '#chapters/07-rate-limiting/clients.ts'
import { RateLimiter, type Reservation } from '#chapters/07-rate-limiting/limiter.ts'
import type { Decision } from '#chapters/07-rate-limiting/options.ts'
import { SharedLimit } from '#chapters/07-rate-limiting/shared.ts'
import { SlidingWindow } from '#chapters/07-rate-limiting/window.ts'
import { deepStrictEqual } from 'node:assert'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'

// A model is a line without its cunning: it goes through the afternoon millisecond by millisecond, and is too simple to be
// wrong. Whatever happens, in whatever order, the real one must look the same from outside.

// The same three thousand afternoons each time, or as many other ones as are asked for.
const { INTERLEAVINGS } = process.env
const runs = INTERLEAVINGS ? { numRuns: Number(INTERLEAVINGS) } : { numRuns: 3_000, seed: 7 }

/** A unit comes in whole milliseconds: so it does not matter how fine the clock of an implementation is. */
const RATES = [10, 50, 100, 1000]

type Happening =
  | { what: 'allow' | 'wait' | 'reserve'; cost: number }
  | { what: 'wait by'; cost: number; ms: number }
  | { what: 'leave' | 'cancel' | 'look'; which: number }
  | { what: 'time'; ms: number }

const cost = fc.integer({ min: 1, max: 4 })
const which = fc.nat(20)
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('allow', 'wait', 'reserve'), cost }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('wait'), cost }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('wait by'), cost, ms: fc.nat(200) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('leave', 'cancel', 'look'), which }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('time'), ms: fc.constantFrom(1, 7, 10, 20, 55, 300, 3_000) }) },
) as fc.Arbitrary<Happening>

class Model {
  readonly #unitMs: number
  readonly #fullMs: number
  #creditMs: number
  readonly line: { name: number; cost: number; waits: boolean }[] = []
  readonly gone: number[] = []

  constructor(perSecond: number, burst: number) {
    this.#unitMs = 1000 / perSecond
    this.#fullMs = this.#creditMs = burst * this.#unitMs
  }

  get waiting(): number {
    return this.line.filter(({ waits }) => waits).length
  }

  /** What is left when those have gone; below 0 it is owed. */
  #leftMs(before = this.line.length): number {
    return this.#creditMs - this.line.slice(0, before).reduce((sum, { cost }) => sum + cost * this.#unitMs, 0)
  }

  delayMs(cost: number, before?: number): number {
    return Math.max(0, cost * this.#unitMs - this.#leftMs(before))
  }

  delayOf(name: number): number {
    const index = this.line.findIndex((each) => each.name === name)
    return index < 0 ? 0 : this.delayMs(this.line[index]!.cost, index)
  }

  join(name: number, cost: number, waits: boolean): void {
    this.line.push({ name, cost, waits })
    this.#moveUp()
  }

  leave(name: number): void {
    const index = this.line.findIndex((each) => each.name === name)
    if (index >= 0) this.line.splice(index, 1)
    this.#moveUp()
  }

  allow(cost: number): Decision {
    const retryAfterMs = this.delayMs(cost)
    if (retryAfterMs === 0) this.#creditMs -= cost * this.#unitMs
    const leftMs = this.#leftMs()
    const remaining = Math.max(0, Math.floor(leftMs / this.#unitMs))
    const moreInMs = leftMs === this.#fullMs ? 0 : (remaining + 1) * this.#unitMs - leftMs
    return { allowed: retryAfterMs === 0, remaining, retryAfterMs, moreInMs }
  }

  wait(ms: number): void {
    for (; ms > 0; ms--) {
      this.#creditMs = Math.min(this.#fullMs, this.#creditMs + 1)
      this.#moveUp()
    }
  }

  #moveUp(): void {
    for (let first; (first = this.line[0]) && this.delayMs(first.cost, 0) === 0; this.line.shift()) {
      this.#creditMs -= first.cost * this.#unitMs
      if (first.waits) this.gone.push(first.name)
    }
  }
}

/** Fractions of a microsecond are nobody's business. */
const rounded = (decision: Decision) =>
  Object.fromEntries(
    Object.entries(decision).map(([name, value]) => [
      name,
      typeof value === 'number' ? Math.round(value * 1000) / 1000 : value,
    ]),
  )

async function play(perSecond: number, burst: number, happenings: Happening[]): Promise<void> {
  const model = new Model(perSecond, burst)
  const real = new RateLimiter({ perSecond, burst, name: 'upstream' })
  const gone: number[] = []
  const leavers = new Map<number, AbortController>()
  const reservations = new Map<number, Reservation>()
  const pick = (from: Map<number, unknown>, which: number) => [...from.keys()][which % (from.size || 1)]
  const join = (name: number, cost: number, deadline?: number) => {
    const leaver = new AbortController()
    leavers.set(name, leaver)
    model.join(name, cost, true)
    real.wait({ cost, signal: leaver.signal, deadline }).then(
      () => gone.push(name),
      () => {},
    )
  }

  for (const [name, each] of happenings.entries()) {
    const cost = 'cost' in each ? Math.min(each.cost, burst) : 1
    if (each.what === 'allow') deepStrictEqual(rounded(real.allow(cost)), rounded(model.allow(cost)), 'what allow said')
    else if (each.what === 'wait') join(name, cost)
    else if ('cost' in each && 'ms' in each) {
      const isInTime = model.delayMs(cost) <= each.ms
      if (isInTime) join(name, cost, performance.now() + each.ms)
      else {
        const { status } = await outcomeOf(real.wait({ cost, deadline: performance.now() + each.ms }), 2)
        deepStrictEqual(
          status,
          'rejected',
          `what becomes of who has ${each.ms} ms, where it takes ${model.delayMs(cost)}`,
        )
      }
    } else if (each.what === 'reserve') {
      model.join(name, cost, false)
      reservations.set(name, real.reserve(cost))
    } else if ('ms' in each) {
      model.wait(each.ms)
      vi.advanceTimersByTime(each.ms)
    } else if ('which' in each && each.what === 'leave') {
      const leaver = pick(leavers, each.which)
      if (leaver === undefined) continue
      model.leave(leaver)
      leavers.get(leaver)!.abort()
    } else if ('which' in each) {
      const reserved = pick(reservations, each.which)
      if (reserved === undefined) continue
      const { delayMs } = reservations.get(reserved)!
      deepStrictEqual(Math.round(delayMs * 1000) / 1000, model.delayOf(reserved), 'ms until the turn of a reservation')
      if (each.what === 'look') continue
      model.leave(reserved)
      reservations.get(reserved)!.cancel()
    }
    await promisesSettle()
    deepStrictEqual(gone, model.gone, 'who has gone, in their order')
    deepStrictEqual(real.waiting, model.waiting, 'who wait')
  }
  for (const leaver of leavers.values()) leaver.abort()
  deepStrictEqual(vi.getTimerCount(), 0, 'timers, when everybody has left')
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

describe('Step 11: Nonsense, and afternoons by the thousand', () => {
  test('refuses nonsense by name', async () => {
    const nowhere = {
      rate: { perSecond: 1 },
      redis: async () => [],
      fallback: { take: () => new TokenBucket({ perSecond: 1 }).allow() },
    }
    const makers: [what: string, name: string, make: (value: number) => unknown, wrong: number[]][] = [
      ...(
        [
          ['TokenBucket', (rate) => new TokenBucket(rate)],
          ['ClientLimits', (rate) => new ClientLimits(rate)],
          ['RateLimiter', (rate) => new RateLimiter(rate)],
          ['SharedLimit', (rate) => new SharedLimit({ ...nowhere, rate })],
        ] as [string, (rate: { perSecond: number; burst?: number }) => unknown][]
      ).flatMap(([what, make]): [string, string, (value: number) => unknown, number[]][] => [
        [what, 'perSecond', (perSecond) => make({ perSecond }), [0, -1, NaN, Infinity]],
        [what, 'burst', (burst) => make({ perSecond: 1, burst }), [0, -1, 1.5, NaN, Infinity]],
      ]),
      [
        'ClientLimits',
        'maxClients',
        (maxClients) => new ClientLimits({ perSecond: 1, maxClients }),
        [0, 1.5, NaN, Infinity],
      ],
      [
        'RateLimiter',
        'maxWaiting',
        (maxWaiting) => new RateLimiter({ perSecond: 1, maxWaiting }),
        [0, 1.5, NaN, Infinity],
      ],
      ['SlidingWindow', 'limit', (limit) => new SlidingWindow({ limit, windowMs: 1 }), [0, 1.5, NaN, Infinity]],
      ['SlidingWindow', 'windowMs', (windowMs) => new SlidingWindow({ limit: 1, windowMs }), [0, -1, NaN, Infinity]],
      ['SharedLimit', 'waitMs', (waitMs) => new SharedLimit({ ...nowhere, waitMs }), [0, -1, NaN, Infinity]],
      ['SharedLimit', 'restMs', (restMs) => new SharedLimit({ ...nowhere, restMs }), [0, -1, NaN, Infinity]],
    ]
    for (const [what, name, make, wrong] of makers) {
      for (const value of wrong) {
        expect(
          () => make(value),
          `new ${what} with a ${name} of ${value}: a limit that a typo turned into NaN is none`,
        ).toThrow(RangeError)
        expect(() => make(value), 'the message, for whoever has to find the typo').toThrow(name)
      }
    }
    const limiter = new RateLimiter({ perSecond: 10, burst: 5 })
    for (const cost of [0, 6, -1, NaN]) {
      expect(() => limiter.allow(cost), `allow(${cost}) where the burst is 5`).toThrow(RangeError)
      expect(() => limiter.reserve(cost), `reserve(${cost}) where the burst is 5`).toThrow(RangeError)
      expect(
        await outcomeOf(limiter.wait({ cost })),
        `wait for ${cost} where the burst is 5: for ever, or for nothing`,
      ).toMatchObject({ reason: { name: 'RangeError' } })
      expect(() => new SlidingWindow({ limit: 5, windowMs: 1 }).allow(cost), `${cost} in a window of 5`).toThrow(
        RangeError,
      )
    }
    expect(await outcomeOf(limiter.wait({ deadline: NaN })), 'a deadline of NaN, which is no instant').toMatchObject({
      reason: { name: 'RangeError' },
    })
    expect(limiter.allow(5).allowed, 'all five, of which nonsense has taken none').toBe(true)
  })

  test('does in every one of them what its model does', async () => {
    const afternoon = fc.record({
      perSecond: fc.constantFrom(...RATES),
      burst: fc.integer({ min: 1, max: 5 }),
      happenings: fc.array(happening, { maxLength: 25 }),
    })
    const story = async ({
      perSecond,
      burst,
      happenings,
    }: {
      perSecond: number
      burst: number
      happenings: Happening[]
    }) => {
      await play(perSecond, burst, happenings)
    }
    const { counterexample, errorInstance } = await fc.check(fc.asyncProperty(afternoon, story), runs)
    expect(
      counterexample && { story: counterexample, because: (errorInstance as Error).message },
      'the shortest afternoon on which it differs from its model',
    ).toBeNull()
    // A second of work, and more than five on a machine that has other things to do.
  }, 20_000)
})
