import { ClientLimits } from '#chapters/07-rate-limiting/clients.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

/** Asks so often at once. @returns how often it was allowed */
const asks = (limits: ClientLimits, client: string, times: number) =>
  Array.from({ length: times }, () => limits.take(client)).filter(({ allowed }) => allowed).length

describe('Step 2: One each', () => {
  test('takes nothing from the others, however greedy one of them is', () => {
    const limits = new ClientLimits({ perSecond: 10, burst: 20 })
    let honest = 0
    let greedy = 0
    for (let ms = 0; ms < 5_000; ms += 5) {
      greedy += asks(limits, 'greedy', 2)
      if (ms % 250 === 0) for (let shop = 0; shop < 10; shop++) honest += asks(limits, `shop ${shop}`, 1)
      vi.advanceTimersByTime(5)
    }
    expect(
      honest,
      'of 200 who asked four times a second and may ask ten times: one of eleven had asked 400 times',
    ).toBe(200)
    expect(greedy, 'of 2,000 by the greedy one: a burst of 20, and ten a second').toBe(69)
  })

  test('tells each what is left for him', () => {
    const limits = new ClientLimits({ perSecond: 10, burst: 3 })
    asks(limits, 'a', 2)
    expect(limits.take('a'), 'the third of three').toMatchObject({ allowed: true, remaining: 0, moreInMs: 100 })
    expect(limits.take('a', 2), 'two more, of none').toMatchObject({ allowed: false, retryAfterMs: 200 })
    expect(limits.take('b', 2), 'two of three, by another').toMatchObject({ allowed: true, remaining: 1 })
    expect(() => limits.take('b', 4), 'a cost above the burst').toThrow(RangeError)
    for (const name of ['constructor', '__proto__']) {
      let decision: unknown
      expect(() => (decision = limits.take(name)), `taken by a client whose name is ${name}`).not.toThrow()
      expect(decision, `one of three, by a client whose name is ${name}`).toMatchObject({ remaining: 2 })
    }
    const unsaid = new ClientLimits({ perSecond: 2.2 })
    expect(asks(unsaid, 'a', 10), 'of 10 at once, at 2.2 a second, with no burst said: see rateOf').toBe(3)
  })

  test('forgets who is full again, without a timer', () => {
    // Half a second until a bucket is full, whatever has been taken.
    const limits = new ClientLimits({ perSecond: 10, burst: 5 })
    const others = Array.from({ length: 40 }, (_, i) => `regular ${i}`)
    for (const client of others) asks(limits, client, 1)
    for (let i = 0; i < 500; i++) asks(limits, `passer-by ${i}`, 1 + (i % 6))
    expect(limits.size, 'clients, of which each has a bucket').toBe(540)
    expect(vi.getTimerCount(), 'timers: a million clients would be a million of them').toBe(0)

    // The regulars, who came first, always owe: whoever looks at the oldest only sees nobody else.
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(50)
      for (const client of others) asks(limits, client, 1)
    }
    for (let i = 0; i < 540; i++) asks(limits, others[i % others.length]!, 1)
    expect(
      limits.size,
      'clients, when 500 have not come for twice as long as a bucket needs to be full, and the others have called 1,340 times',
    ).toBeLessThanOrEqual(others.length)

    const busy = new ClientLimits({ perSecond: 10, burst: 5 })
    let most = 0
    for (let i = 0; i < 5_000; i++) {
      asks(busy, `stranger ${i}`, 1)
      most = Math.max(most, busy.size)
      vi.advanceTimersByTime(1)
    }
    expect(
      most,
      'clients at most, of 5,000 who came a ms apart, each once, and were full again after 100 ms: who looks at one with each ' +
        'call never comes round, for each call brings one',
    ).toBeLessThanOrEqual(1_000)
  })

  test('forgets nobody who still owes', () => {
    const limits = new ClientLimits({ perSecond: 1, burst: 20 })
    expect(asks(limits, 'greedy', 40), 'of 40 at once').toBe(20)
    for (let second = 1; second <= 19; second++) {
      for (let i = 0; i < 100; i++) asks(limits, `passer-by ${second} ${i}`, 1)
      vi.advanceTimersByTime(1_000)
    }
    expect(
      asks(limits, 'greedy', 40),
      'of 40 after 19 s, at one a second, while 1,900 others came: who is forgotten too early begins with a whole burst',
    ).toBe(19)
    vi.advanceTimersByTime(500)
    expect(asks(limits, 'greedy', 40), 'of 40 half a second later').toBe(0)

    const daily = new ClientLimits({ perSecond: 10 / 86_400, burst: 10 })
    expect(asks(daily, 'greedy', 20), 'of 20 at once, at ten a day').toBe(10)
    vi.advanceTimersByTime(2 * 3_600_000)
    for (let i = 0; i < 100; i++) asks(daily, `passer-by ${i}`, 1)
    expect(asks(daily, 'greedy', 20), 'of 20 two hours later: a unit takes 2.4 h, and all of them a day').toBe(0)
  })
})

describe('Step 8: A million strangers', () => {
  const options = { perSecond: 100 / 60, burst: 100, maxClients: 1_000 }

  test('has room for so many, however many come', () => {
    const limits = new ClientLimits(options)
    let most = 0
    for (let i = 0; i < 20_000; i++) {
      limits.take(`stranger ${i}`)
      most = Math.max(most, limits.size)
    }
    expect(most, 'clients at most, of 20,000 names that somebody has made up, with maxClients of 1,000').toBe(1_000)
    expect(vi.getTimerCount(), 'timers').toBe(0)
  })

  test('forgets nobody to make room', () => {
    const limits = new ClientLimits(options)
    let greedy = 0
    for (let i = 0; i < 20_000; i++) {
      limits.take(`stranger ${i}`)
      if (i % 10 === 0) greedy += asks(limits, 'greedy', 1)
    }
    expect(
      greedy,
      'of 2,000 at once by the greedy one, who may ask 100 times: who is thrown out for a newcomer begins anew',
    ).toBe(100)
  })

  test('lets newcomers share one bucket until there is room', () => {
    const limits = new ClientLimits(options)
    for (let i = 0; i < 1_000; i++) asks(limits, `regular ${i}`, 1)
    let strangers = 0
    for (let i = 0; i < 5_000; i++) strangers += asks(limits, `stranger ${i}`, 1)
    expect(strangers, 'of 5,000 who found no room: they share a burst of 100, so that names buy nothing').toBe(100)
    expect(asks(limits, 'regular 7', 1), 'of one by who has a bucket of his own').toBe(1)

    // The regulars owed one or two, so they are full now, and forgotten as others call.
    vi.advanceTimersByTime(1_500)
    let after = 0
    for (let i = 0; i < 1_000; i++) after += asks(limits, `newcomer ${i}`, 1)
    expect(after, 'of 1,000 newcomers, once those who had all the room are full again: room for each').toBeGreaterThan(
      990,
    )
  })
})
