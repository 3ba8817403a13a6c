import { type CacheOptions, StaleCache } from '#chapters/09-graceful-degradation/cache.ts'
import { Dimmer, type DimmerOptions } from '#chapters/09-graceful-degradation/dimmer.ts'
import { Extras } from '#chapters/09-graceful-degradation/extras.ts'
import { type Flag, Flags } from '#chapters/09-graceful-degradation/flags.ts'
import { SingleFlight } from '#chapters/09-graceful-degradation/single-flight.ts'
import { deepStrictEqual } from 'node:assert'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { promisesSettle } from '../../shared/testing/outcome.ts'

// A model is a cache without its promises: it goes through the evening millisecond by millisecond, and is too simple to be
// wrong. Whatever calls and callers do, in whatever order, the real one must look the same from outside: so no key is ever
// held by a call that hangs, nor by one whose callers have gone.

// The same five hundred evenings each time, or as many as are asked for.
const { INTERLEAVINGS } = process.env
const runs = { numRuns: Number(INTERLEAVINGS ?? 500), seed: 9 }
// A second of work, and more than five on a machine that has other things to do.
const patience = { timeout: INTERLEAVINGS ? 3_600_000 : 20_000 }

const FRESH_MS = 100
const LIMIT_MS = 120
const REFUSAL_MS = 50

interface Bounds {
  patienceMs: number
  slowMs: number
  errorMs: number
}

type Happening =
  | { what: 'ask'; city: number }
  | { what: 'leave' | 'answer' | 'fail' | 'refuse'; which: number }
  | { what: 'time'; ms: number }

const which = fc.nat(20)
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('ask'), city: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('leave'), which }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('answer', 'answer', 'fail', 'refuse'), which }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('time'), ms: fc.constantFrom(1, 10, 29, 30, 50, 100, 130) }) },
) as fc.Arbitrary<Happening>

interface ModelCall {
  city: number
  begunAt: number
  waiting: number[]
  isHeld: boolean
  /** What it was stopped for; undefined as long as it goes on, or when it has ended by itself. */
  stopped?: 'nobody waits' | 'limit'
  hasEnded: boolean
}

class Model {
  now = 0
  readonly calls: ModelCall[] = []
  /** What has become of each caller; undefined for those who wait. */
  readonly ends: (string | undefined)[] = []
  readonly #kept = new Map<number, { begunAt: number; call?: number }>()
  readonly #bounds: Bounds

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  ask(name: number, city: number): void {
    this.ends[name] = undefined
    const kept = this.#kept.get(city)
    if (kept && kept.call === undefined && this.now - kept.begunAt < REFUSAL_MS) this.ends[name] = 'no'
    else if (kept?.call !== undefined && this.now - kept.begunAt < FRESH_MS)
      this.ends[name] = `hit ${kept.call} ${this.now - kept.begunAt}`
    else {
      let call = this.calls.find((call) => call.city === city && this.#isUnderWay(call))
      if (!call) this.calls.push((call = { city, begunAt: this.now, waiting: [], isHeld: false, hasEnded: false }))
      call.waiting.push(name)
      this.#losePatience(call)
    }
  }

  leave(name: number): void {
    if (this.ends[name] !== undefined) return
    this.ends[name] = 'left'
    const call = this.calls.find((call) => this.#isUnderWay(call) && call.waiting.includes(name))!
    call.waiting = call.waiting.filter((other) => other !== name)
    if (call.waiting.length === 0 && !call.isHeld) call.stopped = 'nobody waits'
  }

  end(number: number, how: 'answer' | 'fail' | 'refuse'): void {
    const call = this.calls[number]!
    const isNews = this.#isUnderWay(call)
    call.hasEnded = true
    if (!isNews) return
    const { begunAt, city, waiting } = call
    if (how === 'answer') this.#kept.set(city, { begunAt, call: number })
    if (how === 'refuse') this.#kept.set(city, { begunAt })
    for (const name of waiting) {
      if (how === 'fail') this.ends[name] = this.#stale(city, this.#bounds.errorMs) ?? 'failed'
      else if (how === 'refuse') this.ends[name] = 'no'
      else this.ends[name] = `brought ${number} ${this.now - begunAt}`
    }
    call.waiting = []
  }

  wait(ms: number): void {
    for (; ms > 0; ms--) {
      this.now++
      for (const call of this.calls) {
        if (!this.#isUnderWay(call)) continue
        this.#losePatience(call)
        if (this.now - call.begunAt < LIMIT_MS) continue
        call.stopped = 'limit'
        for (const name of call.waiting) this.ends[name] = this.#stale(call.city, this.#bounds.errorMs) ?? 'timeout'
        call.waiting = []
      }
    }
  }

  /** When something happens by itself, in milliseconds from now. */
  get nextMs(): number {
    const { patienceMs } = this.#bounds
    const times = this.calls
      .filter((call) => this.#isUnderWay(call))
      .flatMap(({ begunAt }) => [begunAt + patienceMs, begunAt + LIMIT_MS])
    return Math.min(...times.map((time) => time - this.now).filter((ms) => ms > 0))
  }

  #losePatience(call: ModelCall): void {
    if (this.now - call.begunAt < this.#bounds.patienceMs || call.waiting.length === 0) return
    const stale = this.#stale(call.city, this.#bounds.slowMs)
    if (stale === undefined) return
    for (const name of call.waiting) this.ends[name] = stale
    call.waiting = []
    call.isHeld = true
  }

  #stale(city: number, ms: number): string | undefined {
    const kept = this.#kept.get(city)
    const isYounger = kept?.call !== undefined && this.now - kept.begunAt < ms
    return isYounger ? `stale ${kept.call} ${this.now - kept.begunAt}` : undefined
  }

  #isUnderWay = ({ stopped, hasEnded }: ModelCall): boolean => stopped === undefined && !hasEnded
}

const NO = new Error('there is no such place')
const FAILURE = new Error('status 503')

async function play(bounds: Bounds, happenings: Happening[]): Promise<void> {
  const model = new Model(bounds)
  const cache = new StaleCache<{ call: number }>({
    ...bounds,
    freshMs: FRESH_MS,
    limitMs: LIMIT_MS,
    refusalMs: REFUSAL_MS,
    isRefusal: (error) => error === NO,
  })
  const calls: { signal: AbortSignal; end: (how: 'answer' | 'fail' | 'refuse') => void; isOpen: boolean }[] = []
  const ends: (string | undefined)[] = []
  const leavers: AbortController[] = []

  const fetch = (signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ call: number }>()
    const number = calls.length
    const end = (how: 'answer' | 'fail' | 'refuse') =>
      how === 'answer' ? resolve({ call: number }) : reject(how === 'fail' ? FAILURE : NO)
    calls.push({ signal, end, isOpen: true })
    return promise
  }
  const ask = (city: number) => {
    const name = ends.push(undefined) - 1
    model.ask(name, city)
    leavers.push(new AbortController())
    cache.get(`city ${city}`, fetch, leavers[name]!.signal).then(
      ({ value, how, ageMs }) => {
        ends[name] = `${how === 'miss' || how === 'shared' ? 'brought' : how} ${value.call} ${ageMs}`
      },
      (error: { code?: string }) => {
        ends[name] = error === NO ? 'no' : error === FAILURE ? 'failed' : error?.code === 'TIMEOUT' ? 'timeout' : 'left'
      },
    )
  }
  const compare = async () => {
    await promisesSettle()
    deepStrictEqual(ends, model.ends, 'what has become of those who asked, in their order')
    deepStrictEqual(
      calls.map(({ signal }) => signal.aborted),
      model.calls.map(({ stopped }) => stopped !== undefined),
      'which calls were begun, and which of them were aborted',
    )
  }
  const pass = async (ms: number) => {
    for (let left = ms; left > 0;) {
      const step = Math.min(left, model.nextMs)
      model.wait(step)
      vi.advanceTimersByTime(step)
      await compare()
      left -= step
    }
  }

  for (const each of happenings) {
    if (each.what === 'ask') ask(each.city)
    else if (each.what === 'time') await pass(each.ms)
    else if (each.what === 'leave') {
      if (ends.length === 0) continue
      const name = each.which % ends.length
      model.leave(name)
      leavers[name]!.abort(new Error('the customer has hung up'))
    } else {
      const open = calls.flatMap(({ isOpen }, number) => (isOpen ? [number] : []))
      const number = open[each.which % (open.length || 1)]
      if (number === undefined) continue
      calls[number]!.isOpen = false
      model.end(number, each.what)
      calls[number]!.end(each.what)
    }
    await compare()
  }
  // And in the end, no key is held by anybody.
  await pass(LIMIT_MS)
  deepStrictEqual(vi.getTimerCount(), 0, 'timers, when every call is over')
  await pass(FRESH_MS + REFUSAL_MS)
  const before = calls.length
  for (const city of [0, 1]) ask(city)
  await promisesSettle()
  deepStrictEqual(calls.length - before, 2, 'calls begun for two keys, when every call is over and nothing is fresh')
  for (const { end } of calls) end('answer')
  await promisesSettle()
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

describe('Step 10: Nonsense, and evenings by the thousand', () => {
  test('refuses nonsense by name', () => {
    const cache = (options: Partial<CacheOptions>) => new StaleCache({ freshMs: 1_000, ...options })
    const dimmer = (options: Partial<DimmerOptions>) => new Dimmer({ pressure: () => 0, extras: ['room'], ...options })
    const makers: [what: string, name: string, make: (value: number) => unknown, wrong: number[]][] = [
      ['StaleCache', 'freshMs', (freshMs) => cache({ freshMs }), [-1, NaN, Infinity]],
      ['StaleCache', 'slowMs', (slowMs) => cache({ slowMs }), [999, NaN, Infinity]],
      ['StaleCache', 'errorMs', (errorMs) => cache({ slowMs: 2_000, errorMs }), [1_999, NaN, Infinity]],
      ['StaleCache', 'patienceMs', (patienceMs) => cache({ patienceMs }), [-1, NaN]],
      ['StaleCache', 'limitMs', (limitMs) => cache({ limitMs }), [0, -1, NaN, 2 ** 31, Infinity]],
      ['StaleCache', 'secondMs', (secondMs) => cache({ secondMs }), [0, -1, NaN, 2 ** 31, Infinity]],
      ['StaleCache', 'refusalMs', (refusalMs) => cache({ refusalMs }), [-1, NaN, Infinity]],
      ['StaleCache', 'earliness', (earliness) => cache({ earliness }), [-1, NaN, Infinity]],
      ['StaleCache', 'maxEntries', (maxEntries) => cache({ maxEntries }), [0, 1.5, NaN, Infinity]],
      ['StaleCache', 'maxBytes', (maxBytes) => cache({ maxBytes }), [0, 1.5, NaN, Infinity]],
      ['SingleFlight', 'limitMs', (limitMs) => new SingleFlight({ limitMs }), [0, -1, NaN, 2 ** 31, Infinity]],
      [
        'Extras',
        'limitMs',
        (limitMs) => new Extras({ flagOf: () => 'on', allows: () => true, limitMs }),
        [0, -1, NaN, 2 ** 31, Infinity],
      ],
      ['Dimmer', 'dimAt', (dimAt) => dimmer({ dimAt, brightenAt: 0 }), [-1, 1.1, NaN]],
      ['Dimmer', 'brightenAt', (brightenAt) => dimmer({ dimAt: 0.5, brightenAt }), [-0.1, 0.5, 0.6, NaN]],
      ['Dimmer', 'everyMs', (everyMs) => dimmer({ everyMs }), [0, -1, NaN, Infinity]],
      ['Dimmer', 'step', (step) => dimmer({ step }), [0, -1, 1.1, NaN]],
    ]
    for (const [what, name, make, wrong] of makers)
      for (const value of wrong) {
        expect(() => make(value), `new ${what} with a ${name} of ${value}`).toThrow(RangeError)
        expect(() => make(value), 'the message, for whoever has to find the typo').toThrow(name)
      }
    expect(() => dimmer({}).allows('rooom'), 'an extra that nobody has named is one that nobody dims').toThrow(
      RangeError,
    )
    const odd = { freshMs: 0, slowMs: 0, errorMs: 0, patienceMs: Infinity, limitMs: 2 ** 31 - 1, secondMs: 0.5 }
    expect(() => cache(odd), 'unusual, and fine').not.toThrow()
    expect(() => cache({ slowMs: undefined, limitMs: undefined }), 'what is undefined has its default').not.toThrow()
    expect(() => dimmer({ dimAt: 1, brightenAt: 0, step: 1 }), 'unusual, and fine').not.toThrow()
    expect(() => dimmer({ dimAt: undefined, step: undefined }), 'what is undefined has its default').not.toThrow()
  })

  test('changes all flags or none, and says all that is wrong', () => {
    const flags = new Flags({ room: 'auto', map: 'on' })
    expect([flags.of('room'), flags.of('map')]).toEqual(['auto', 'on'])
    flags.update({ room: 'off' })
    expect([flags.of('room'), flags.of('map')], 'room is off').toEqual(['off', 'on'])
    for (const [nonsense, names] of [
      [{ map: 'off', room: 'yes' }, ['room', 'yes']],
      [{ map: 'off', rooom: 'off' }, ['rooom', 'room, map']],
      [{ map: 'off', room: true, mapp: 'on' }, ['room', 'true', 'mapp']],
      [{ map: 'off', constructor: 'off' }, ['constructor']],
      [['off'], ['object']],
      [Array(30).fill('off'), ['object']],
      [{ room: Array(30).fill('off') }, ['room']],
      ['off', ['object']],
      [null, ['object']],
      [undefined, ['object']],
    ] as const) {
      const what = JSON.stringify(nonsense)
      let error: unknown
      try {
        flags.update(nonsense)
      } catch (thrown) {
        error = thrown
      }
      expect(error, `of ${what}: it is night, and somebody was in a hurry`).toBeInstanceOf(RangeError)
      const { message } = error as Error
      for (const name of names) expect(message, `the message about ${what}`).toContain(name)
      expect(message, 'in one line').not.toContain('\n')
      expect([flags.of('room'), flags.of('map')], `flags, after ${what}`).toEqual(['off', 'on'])
    }
    const file = { map: 'off' }
    flags.update(file)
    file.map = 'nonsense'
    expect(
      [flags.of('room'), flags.of('map')],
      'what is not named has its default again, and what becomes of the object afterwards is nothing to it',
    ).toEqual(['auto', 'off'])
    expect(() => flags.update({}), 'an object that names none is no nonsense').not.toThrow()
    expect([flags.of('room'), flags.of('map')], 'and with it all have their defaults').toEqual(['auto', 'on'])
    expect(() => flags.of('rooom'), 'a flag that there is not').toThrow(RangeError)
    expect(() => new Flags({ room: 'yes' as Flag }), 'a default that is no flag').toThrow(RangeError)
  })

  test('does in every one of them what its model does', patience, async () => {
    const evening = fc.record({
      bounds: fc.constantFrom<Bounds>(
        { patienceMs: 30, slowMs: 250, errorMs: 400 },
        { patienceMs: 0, slowMs: 200, errorMs: 200 },
        { patienceMs: Infinity, slowMs: 200, errorMs: 300 },
        { patienceMs: 30, slowMs: 100, errorMs: 100 },
      ),
      happenings: fc.array(happening, { maxLength: 25 }),
    })
    const story = ({ bounds, happenings }: { bounds: Bounds; happenings: Happening[] }) => play(bounds, happenings)
    const { counterexample, errorInstance } = await fc.check(fc.asyncProperty(evening, story), runs)
    expect(
      counterexample && { story: counterexample, because: (errorInstance as Error).message },
      'the shortest evening on which it differs from its model',
    ).toBeNull()
  })
})
