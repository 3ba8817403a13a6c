import type { Backoff } from '#chapters/03-retry/backoff.ts'
import { RetryBudget } from '#chapters/03-retry/budget.ts'
import { retry } from '#chapters/03-retry/retry.ts'
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { ResponseError } from '../../shared/core/errors.ts'

// The same thousand stories each time, or as many other ones as are asked for.
const { INTERLEAVINGS } = process.env
const runs = INTERLEAVINGS ? { numRuns: Number(INTERLEAVINGS) } : { numRuns: 1_000, seed: 3 }

// The real one: a turn of the event loop lets every promise have its say, and costs next to nothing.
const { setImmediate } = globalThis
const settle = () => new Promise((resolve) => setImmediate(resolve))

const windowMs = 1_000

interface Settings {
  ratio: number
  /** Retries that each window has in any case. */
  floor: number
  maxAttempts: number
  delayMs: number
}

type Event =
  | { type: 'call'; deadlineMs: number }
  | { type: 'succeed' | 'fail' | 'refuse' | 'abort'; which: number }
  | { type: 'elapse'; ms: number }
  | { type: 'wall clock'; ms: number }

const settings = fc.record<Settings>({
  ratio: fc.constantFrom(0, 0.1, 0.5, 1),
  floor: fc.integer({ min: 0, max: 2 }),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  delayMs: fc.constantFrom(1, 100, 150, 700),
})
const which = fc.nat(9)
const deadlineMs = fc.constantFrom(Infinity, Infinity, 100, 1_500)
const elapsedMs = fc.constantFrom(1, 50, 150, 500, 1_100, 86_400_000)
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('call' as const), deadlineMs }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('fail' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constantFrom('succeed' as const, 'refuse' as const, 'abort' as const), which }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('elapse' as const), ms: elapsedMs }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('wall clock' as const), ms: fc.constantFrom(-3_600_000, 3_600_000) }),
  },
)

/** One call as it is, and beside it what the model says of it. */
class Call {
  readonly abort = new AbortController()
  readonly deadline: number
  attempts = 0
  end: { value?: unknown; reason?: any } | undefined
  /** The attempt in progress. */
  attempt = Promise.withResolvers<string>()

  expected: { attempts: number; wakesAt?: number | undefined; ended?: true } = { attempts: 1 }

  constructor({ maxAttempts, delayMs }: Settings, budget: RetryBudget, deadlineMs: number) {
    this.deadline = performance.now() + deadlineMs
    const backoff: Backoff = function* () {
      for (;;) yield delayMs
    }
    const operation = (signal: AbortSignal) => {
      this.attempts++
      this.attempt = Promise.withResolvers()
      signal.addEventListener('abort', () => this.attempt.reject(signal.reason))
      return this.attempt.promise
    }
    const options = { maxAttempts, backoff, budget, deadline: this.deadline, signal: this.abort.signal }
    retry(operation, options).then(
      (value) => (this.end = { value }),
      (reason) => (this.end = { reason }),
    )
  }

  get isRunning() {
    return !this.expected.ended && this.expected.wakesAt === undefined
  }

  /** As far as anybody can see from outside, all is as the model says. */
  check(story: string) {
    expect(this.attempts, `attempts begun, ${story}`).toBe(this.expected.attempts)
    expect(this.end !== undefined, `whether the call has ended, ${story}`).toBe(this.expected.ended === true)
  }
}

/** Tells one story to the retries and to the model, and compares the two after each event. */
async function tell(settings: Settings, events: Event[]): Promise<void> {
  vi.useFakeTimers() // anew: a story that failed has left its own running
  vi.advanceTimersByTime(5_000)
  const budget = new RetryBudget({ ratio: settings.ratio, minPerSecond: settings.floor / (windowMs / 1_000), windowMs })
  const calls: Call[] = []
  const callsAt: number[] = []
  const retriesAt: number[] = []

  const younger = (instants: number[], ms: number) => instants.filter((at) => performance.now() - at <= ms).length
  /**
   * Whether a retry is within the budget: at most ratio × calls + floor in a window. A budget may count in coarse steps,
   * so what is a tenth around the window's edge may be counted or not, and the answer be either.
   */
  const inBudget = (): boolean | undefined => {
    const allowed = (calls: number) => settings.ratio * calls + settings.floor
    if (younger(retriesAt, windowMs * 1.1) + 1 <= allowed(younger(callsAt, windowMs * 0.9))) return true
    if (younger(retriesAt, windowMs * 0.9) + 1 > allowed(younger(callsAt, windowMs * 1.1))) return false
    return undefined
  }

  const failed = async (call: Call, error: Error) => {
    const { expected } = call
    const mayGo = inBudget()
    const wakesAt = performance.now() + settings.delayMs
    await settle()
    if (expected.attempts >= settings.maxAttempts) return ended(call, error, 'attempts')
    if (wakesAt >= call.deadline) return ended(call, error, 'deadline')
    if (mayGo === false || (mayGo === undefined && call.end)) return ended(call, error, 'budget')
    retriesAt.push(performance.now())
    expected.wakesAt = wakesAt
    call.check('a failure within the budget: it should wait')
  }
  const ended = (call: Call, cause: Error, stoppedBy: string) => {
    call.expected.ended = true
    call.check(`a failure that ${stoppedBy} should stop at once, before any wait`)
    expect(call.end?.reason, 'how it ended').toMatchObject({ stoppedBy, cause, attempts: call.expected.attempts })
  }
  const settled = async (call: Call, end: Call['end'], story: string) => {
    Object.assign(call.expected, { ended: true, wakesAt: undefined })
    await settle()
    call.check(story)
    expect(call.end, story).toEqual(end)
  }

  const waits = () => calls.flatMap(({ expected }) => (expected.ended ? [] : (expected.wakesAt ?? [])))
  /** From one wake-up to the next, each at its own instant. */
  const elapse = async (ms: number) => {
    for (const until = performance.now() + ms; ;) {
      const next = Math.min(until, ...waits())
      vi.advanceTimersByTime(next - performance.now())
      await settle()
      for (const { expected } of calls) {
        if (expected.wakesAt !== next || expected.ended) continue
        expected.attempts++
        expected.wakesAt = undefined
      }
      for (const call of calls) call.check('after a wait')
      if (next === until) return
    }
  }

  for (const event of events) {
    if (event.type === 'call') {
      callsAt.push(performance.now())
      calls.push(new Call(settings, budget, event.deadlineMs))
      await settle()
    } else if (event.type === 'elapse') {
      await elapse(event.ms)
    } else if (event.type === 'wall clock') {
      vi.setSystemTime(Date.now() + event.ms)
    } else if (event.type === 'abort') {
      const live = calls.filter(({ expected }) => !expected.ended)
      const call = live[event.which % live.length]
      if (!call) continue
      const reason = new Error('the customer closed the tab')
      call.abort.abort(reason)
      await settled(call, { reason }, 'an abort ends the call at once')
    } else {
      const running = calls.filter((call) => call.isRunning)
      const call = running[event.which % running.length]
      if (!call) continue
      const error = new ResponseError('The carrier has an answer', event.type === 'fail' ? 503 : 404)
      if (event.type === 'succeed') call.attempt.resolve('booked')
      else call.attempt.reject(error)
      if (event.type === 'fail') await failed(call, error)
      else if (event.type === 'refuse') await settled(call, { reason: error }, 'a permanent failure ends the call')
      else await settled(call, { value: 'booked' }, 'a success ends the call')
    }
    for (const call of calls) call.check(`after ${event.type}`)
    expect(vi.getTimerCount(), `timers, one for each call that waits, after ${event.type}`).toBe(waits().length)
  }

  for (const call of calls) call.abort.abort()
  await settle()
  expect(vi.getTimerCount(), 'timers at the end').toBe(0)
}

describe('Step 12: Whatever happens, in whatever order', () => {
  test('keeps to its budget, its deadlines and its aborts in any order of events', async () => {
    const story = fc.asyncProperty(settings, fc.array(event, { minLength: 1, maxLength: 30 }), tell)
    const result = await fc.check(story, runs)
    // With the shortest story that fails, and the seed that tells it again: fc.check(story, { seed, path }).
    const report = `${result.errorInstance}\n${await fc.asyncDefaultReportMessage(result)}`
    expect(result.failed, report).toBe(false)
  }, 120_000)
})
