import { type BreakerState, CircuitBreaker } from '#chapters/04-circuit-breaker/circuit-breaker.ts'
import { deepStrictEqual } from 'node:assert'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { CircuitOpenError } from '../../shared/core/errors.ts'
import { promisesSettle } from '../../shared/testing/outcome.ts'

// A model is a breaker without its cunning: it keeps every call for ever, looks through all of them each time, and is
// too simple to be wrong. Whatever happens, in whatever order, the real one must look the same from outside.

// The same three thousand afternoons each time, or as many other ones as are asked for.
const { INTERLEAVINGS } = process.env
const runs = INTERLEAVINGS ? { numRuns: Number(INTERLEAVINGS) } : { numRuns: 3_000, seed: 4 }

/** Time passes in slices of the window only: so it does not matter where exactly an implementation cuts them. */
const SLICE_MS = 100
const WINDOW_MS = 10 * SLICE_MS
const LEASE_MS = 3 * SLICE_MS
const BREAK_MS = 5 * SLICE_MS
const MAX_BREAK_MS = 15 * SLICE_MS

interface Options {
  consecutiveFailures: number
  failureRate: number
  minimumCalls: number
  probes: number
  jitter: number
  chance: number
}

const options: fc.Arbitrary<Options> = fc.record({
  consecutiveFailures: fc.constantFrom(2, 4, Infinity),
  failureRate: fc.constantFrom(0.5, 1, Infinity),
  minimumCalls: fc.integer({ min: 1, max: 6 }),
  probes: fc.integer({ min: 1, max: 3 }),
  jitter: fc.constantFrom(0, 0.2),
  chance: fc.constantFrom(0, 0.5, 0.999),
})

/** How a call ends. One that is never picked to end hangs. */
type End = 'success' | 'failure' | 'a 404' | 'excluded' | 'cancelled' | 'success, cancelled'
const ends: End[] = ['success', 'failure', 'a 404', 'excluded', 'cancelled', 'success, cancelled']

type Happening =
  | { what: 'calls'; times: number }
  | { what: 'a call that has gone' }
  | { what: 'a throw' }
  | { what: 'an end'; which: number; how: End }
  | { what: 'ends'; times: number; how: End }
  | { what: 'time'; slices: number }
  | { what: 'wall clock'; stepMs: number }

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant('calls'), times: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('a call that has gone', 'a throw') }) },
  { weight: 8, arbitrary: fc.record({ what: fc.constant('an end'), which: fc.nat(), how: fc.constantFrom(...ends) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('ends'), times: fc.nat(6), how: fc.constantFrom(...ends) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('time'), slices: fc.constantFrom(1, 2, 3, 5, 11, 864_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('wall clock'), stepMs: fc.constantFrom(-3_600_000, 3_600_000) }),
  },
) as fc.Arbitrary<Happening>

class Model {
  readonly #options: Options
  /** Every admitted call, with the era that let it in. */
  readonly #eras = new Map<number, number>()
  #now = 0
  #era = 0
  #status: 'closed' | 'open' | 'half-open' = 'closed'
  /** What was counted in this era. */
  #results: { at: number; failed: boolean }[] = []
  /** The probes that have a slot, by call, with the end of their lease. */
  #slots: { call: number; until: number }[] = []
  #breaks = 0
  #openUntil = 0
  discarded = 0
  readonly changes: string[] = []

  constructor(options: Options) {
    this.#options = options
  }

  get state(): { status: BreakerState['status']; retryAfterMs?: number } {
    const retryAfterMs = Math.max(0, this.#openUntil - this.#now)
    return this.#status === 'open' ? { status: this.#status, retryAfterMs } : { status: this.#status }
  }

  wait(ms: number) {
    this.#now += ms
  }

  /** @returns undefined when it is let in, or else when to ask again. */
  ask(call: number): number | undefined {
    if (this.#status === 'open') {
      if (this.#now < this.#openUntil) return this.#openUntil - this.#now
      this.#change('half-open')
    }
    if (this.#status === 'half-open') {
      const successes = this.#results.length
      if (this.#slots.length + successes === this.#options.probes) {
        const { until } = this.#slots[0]!
        if (this.#now < until) return until - this.#now
        this.#slots.shift()
      }
      this.#slots.push({ call, until: this.#now + LEASE_MS })
    }
    this.#eras.set(call, this.#era)
    return undefined
  }

  end(call: number, how: End) {
    const inTime = this.#eras.get(call) === this.#era
    const hasSlot = this.#slots.some((slot) => slot.call === call)
    if (!inTime || (this.#status === 'half-open' && !hasSlot)) {
      this.discarded++
      return
    }
    this.#slots = this.#slots.filter((slot) => slot.call !== call)
    if (how === 'excluded' || how === 'cancelled') return
    const failed = how === 'failure'
    this.#results.push({ at: this.#now, failed })
    if (this.#status === 'half-open') {
      if (failed) this.#open(this.#breaks + 1)
      else if (this.#results.length === this.#options.probes) this.#change('closed')
    } else if (failed && this.#hasHadEnough()) this.#open(0)
  }

  #hasHadEnough(): boolean {
    const { consecutiveFailures, failureRate, minimumCalls } = this.#options
    const inARow = this.#results.length - 1 - this.#results.findLastIndex(({ failed }) => !failed)
    const recent = this.#results.filter(({ at }) => this.#now - at < WINDOW_MS)
    const failures = recent.filter(({ failed }) => failed).length
    return inARow >= consecutiveFailures || (recent.length >= minimumCalls && failures / recent.length >= failureRate)
  }

  #open(breaks: number) {
    const { jitter, chance } = this.#options
    this.#breaks = breaks
    this.#openUntil = this.#now + Math.min(MAX_BREAK_MS, BREAK_MS * 2 ** breaks) * (1 - jitter * chance)
    this.#change('open')
  }

  #change(to: 'closed' | 'open' | 'half-open') {
    this.changes.push(`${this.#status} to ${to}`)
    this.#status = to
    this.#era++
    this.#results = []
    this.#slots = []
  }
}

/** What it says is left, or what is left: rounded up it is right as well. */
const asExpected = (saidMs: number, leftMs = NaN) =>
  saidMs > leftMs - 0.001 && saidMs < leftMs + 1.001 ? leftMs : saidMs

/** Lets everything happen to a breaker and to its model; throws where the two differ. */
async function live({ chance, ...options }: Options, happenings: Happening[]): Promise<void> {
  const notFound = new Error('404')
  const excluded = new Error('the queue is full')
  const changes: string[] = []
  const model = new Model({ chance, ...options })
  const breaker = new CircuitBreaker({
    ...options,
    windowMs: WINDOW_MS,
    buckets: WINDOW_MS / SLICE_MS,
    probeLeaseMs: LEASE_MS,
    breakMs: BREAK_MS,
    maxBreakMs: MAX_BREAK_MS,
    random: () => chance,
    isFailure: (error) => error !== notFound,
    isExcluded: (error) => error === excluded,
    onChange: ({ from, to }) => changes.push(`${from} to ${to.status}`),
  })

  const refusals: number[] = []
  const expectedRefusals: number[] = []
  /** The calls under way, each with the function that ends it. */
  const underWay = new Map<number, (how: End) => void>()
  let calls = 0

  const call = (atOnce?: boolean) => {
    const id = calls++
    const retryAfterMs = model.ask(id)
    if (retryAfterMs !== undefined) expectedRefusals.push(retryAfterMs)
    const caller = new AbortController()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const operation = () => {
      if (atOnce) throw new Error('503')
      underWay.set(id, (how) => {
        if (how.endsWith('cancelled')) caller.abort()
        if (how.startsWith('success')) resolve()
        else reject(how === 'excluded' ? excluded : how === 'a 404' ? notFound : new Error(how))
      })
      return promise
    }
    // Not to be met by an implementation that throws: it is the model's to say who is refused.
    const execute = async () => breaker.execute(operation, caller.signal)
    execute().catch((error) => error instanceof CircuitOpenError && refusals.push(error.retryAfterMs))
    if (atOnce && retryAfterMs === undefined) model.end(id, 'failure')
  }
  const end = (id: number | undefined, how: End) => {
    if (id === undefined) return
    model.end(id, how)
    underWay.get(id)!(how)
    underWay.delete(id)
  }

  for (const it of happenings) {
    if (it.what === 'calls') for (let i = 0; i < it.times; i++) call()
    if (it.what === 'a throw') call(true)
    if (it.what === 'a call that has gone') breaker.execute(async () => {}, AbortSignal.abort()).catch(() => {})
    if (it.what === 'an end') end([...underWay.keys()].at(it.which % underWay.size), it.how)
    if (it.what === 'ends') for (const id of [...underWay.keys()].slice(0, it.times)) end(id, it.how)
    if (it.what === 'wall clock') vi.setSystemTime(Date.now() + it.stepMs)
    if (it.what === 'time') {
      vi.advanceTimersByTime(it.slices * SLICE_MS)
      model.wait(it.slices * SLICE_MS)
    }
    await promisesSettle()
    const { state } = breaker
    const expected = model.state
    const seen =
      state.status === 'open'
        ? { status: state.status, retryAfterMs: asExpected(state.retryAfterMs, expected.retryAfterMs) }
        : { ...state }
    deepStrictEqual(
      {
        state: seen,
        discarded: breaker.discarded,
        changes,
        refusals: refusals.map((ms, i) => asExpected(ms, expectedRefusals[i])),
      },
      { state: expected, discarded: model.discarded, changes: model.changes, refusals: expectedRefusals },
    )
  }
}

describe('Step 13: Bad afternoons, by the thousand', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  test('does in every one of them what its model does', async () => {
    const afternoon = fc.asyncProperty(options, fc.array(happening, { maxLength: 40, size: 'max' }), live)
    const details = await fc.check(afternoon, runs)
    const difference = details.errorInstance instanceof Error ? details.errorInstance.message : ''
    const report = details.failed ? `${difference}\n\n${fc.defaultReportMessage(details)}` : ''
    expect(details.failed, `the breaker (+) and its model (-) differ: ${report}`).toBe(false)
  }, 600_000)
})
