import { Bulkhead, type BulkheadLimits } from '#chapters/10-connection-routing/bulkhead.ts'
import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { BulkheadFullError } from '../../shared/core/errors.ts'
import { holdBothClocks } from '../../shared/testing/clock.ts'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'

beforeEach(holdBothClocks)
// Whoever still waits goes home.
afterEach(async () => {
  await vi.advanceTimersByTimeAsync(100_000)
})

const bulkhead = (limits: Partial<BulkheadLimits> = {}) =>
  new Bulkhead('pigeon/batch', { concurrency: 1, queue: 10, queueMs: 1000, ...limits })

/** Some work, as seen from outside. */
interface Work {
  result: Promise<string>
  begun: boolean
  end(): void
  fail(error: Error): void
}

function begin(subject: Bulkhead, signal?: AbortSignal): Work {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const work: Work = { result: promise, begun: false, end: () => resolve('done'), fail: reject }
  const operation = () => {
    work.begun = true
    return promise
  }
  expect(() => (work.result = subject.run(operation, signal)), 'run threw, where a promise was expected').not.toThrow()
  // Looked at when there is something to be seen; until then its rejection is nobody's fault.
  work.result.catch(() => {})
  return work
}

/** One place, and it is taken. */
async function occupied(limits: Partial<BulkheadLimits> = {}) {
  const subject = bulkhead(limits)
  const inside = begin(subject)
  await promisesSettle()
  return { subject, inside }
}

const refused = (why: string) => ({
  status: 'rejected',
  reason: expect.objectContaining({ code: 'BULKHEAD_FULL', why }),
})
const begunOf = (works: Work[]) => works.map(({ begun }) => begun)

describe('Step 3: A queue with an end', () => {
  test('gives a place that comes free to whoever has waited longest, and not to whoever comes just then', async () => {
    const { subject, inside } = await occupied()
    const [first, second] = [begin(subject), begin(subject)]
    inside.end()
    // The first moment in which the place is free, or somebody's who has not begun yet.
    for (let i = 0; i < 6 && subject.stats.queued === 2; i++) await null
    const newcomer = begin(subject)
    await promisesSettle()
    expect(
      begunOf([first, second, newcomer]),
      'begun: first, second, and who came when the place was free: it is the first one’s from that moment on',
    ).toEqual([true, false, false])
    first.end()
    await promisesSettle()
    expect(begunOf([second, newcomer]), 'and so on').toEqual([true, false])
    expect(subject.stats).toMatchObject({ running: 1, queued: 1 })
  })

  test('takes the place back from who throws', async () => {
    const { subject, inside } = await occupied()
    const next = begin(subject)
    inside.fail(new Error('work'))
    await promisesSettle()
    expect(next.begun, 'the work before has failed; that is over, too').toBe(true)
    next.end()
    const thrown = await outcomeOf(
      subject.run(() => {
        throw new Error('at once')
      }),
    )
    expect(thrown, 'what throws at once').toMatchObject({ status: 'rejected', reason: new Error('at once') })
    expect(subject.stats, 'places taken, when nobody is there any more').toMatchObject({ running: 0, queued: 0 })
  })

  test('refuses one more than may wait, at once, and unbegun', async () => {
    const { subject, inside } = await occupied({ queue: 2 })
    const waiting = [begin(subject), begin(subject)]
    const third = begin(subject)
    const outcome = await outcomeOf(third.result)
    expect(outcome, 'one runs, two may wait, and this is the third of them').toMatchObject(refused('full'))
    expect((outcome as { reason: unknown }).reason).toBeInstanceOf(BulkheadFullError)
    expect(outcome, 'whose queue it was').toMatchObject({ reason: { route: 'pigeon/batch' } })
    expect(third.begun, 'refused is not begun').toBe(false)
    expect(subject.stats).toMatchObject({ running: 1, queued: 2, refused: 1 })
    inside.end()
    await promisesSettle()
    const fourth = begin(subject)
    expect(await outcomeOf(fourth.result, 2), 'one of the two runs now, so there is room').toMatchObject({
      status: 'pending',
    })
    expect(begunOf([...waiting, fourth])).toEqual([true, false, false])
  })

  test('has nobody wait where there is no queue', async () => {
    const { subject, inside } = await occupied({ queue: 0 })
    expect(await outcomeOf(begin(subject).result), 'queue: 0, and no place').toMatchObject(refused('full'))
    inside.end()
    await promisesSettle()
    const next = begin(subject)
    await promisesSettle()
    expect(next.begun, 'there is a place again, and no need for a queue').toBe(true)
  })

  test('refuses whoever has waited for long enough, and lets work take its time', async () => {
    const { subject, inside } = await occupied({ queueMs: 200 })
    const waiting = begin(subject)
    await vi.advanceTimersByTimeAsync(199)
    expect(await outcomeOf(waiting.result, 2), 'queueMs: 200, after 199').toMatchObject({ status: 'pending' })
    await vi.advanceTimersByTimeAsync(1)
    const outcome = await outcomeOf(waiting.result)
    expect(outcome, 'queueMs: 200, after 200').toMatchObject(refused('waited'))
    expect(outcome, 'how long they have waited').toMatchObject({ reason: { elapsedMs: 200 } })
    expect(subject.stats).toMatchObject({ running: 1, queued: 0, refused: 0, waited: 1 })
    const next = begin(subject)
    inside.end()
    await vi.advanceTimersByTimeAsync(5000)
    expect(await outcomeOf(next.result, 2), 'work of 5 s: the queue’s limit is not the work’s').toMatchObject({
      status: 'pending',
    })
    next.end()
    expect(await outcomeOf(next.result)).toEqual({ status: 'fulfilled', value: 'done' })
    expect(waiting.begun, 'refused is not begun, not even when there is a place at last').toBe(false)
  })

  test('frees the place in the queue of whoever leaves it, at once and with their own reason', async () => {
    const { subject, inside } = await occupied({ queue: 1 })
    const leaver = new AbortController()
    const left = begin(subject, leaver.signal)
    leaver.abort(new Error('tired of waiting'))
    expect(await outcomeOf(left.result), 'while the work before is still running').toEqual({
      status: 'rejected',
      reason: new Error('tired of waiting'),
    })
    const next = begin(subject)
    expect(await outcomeOf(next.result, 2), 'queue: 1, and the one who had that place has left').toMatchObject({
      status: 'pending',
    })
    inside.end()
    await promisesSettle()
    expect(begunOf([left, next])).toEqual([false, true])
    const gone = begin(subject, AbortSignal.abort(new Error('gone before')))
    expect(await outcomeOf(gone.result), 'who has left before they came').toEqual({
      status: 'rejected',
      reason: new Error('gone before'),
    })
    next.end()
    await promisesSettle()
    const late = begin(subject, AbortSignal.abort(new Error('gone before')))
    expect(await outcomeOf(late.result), 'the same, with a place that is free').toMatchObject({ status: 'rejected' })
    expect(late.begun, 'begun for somebody who had left before they came').toBe(false)
    expect(subject.stats, 'who leaves was not refused, and has not waited for long enough').toEqual({
      running: 0,
      queued: 0,
      refused: 0,
      waited: 0,
    })
  })

  test('begins nothing for somebody who leaves just when their place comes free, and keeps none for them', async () => {
    const { subject, inside } = await occupied()
    const leaver = new AbortController()
    const left = begin(subject, leaver.signal)
    const next = begin(subject)
    inside.end()
    for (let i = 0; i < 6 && subject.stats.queued === 2; i++) await null
    expect(subject.stats, 'handed over in the moment in which it came free').toMatchObject({ running: 1, queued: 1 })
    leaver.abort(new Error('just now'))
    await promisesSettle()
    expect(begunOf([left, next]), 'begun: who has left, and the next in line').toEqual([false, true])
    expect(subject.stats).toMatchObject({ running: 1, queued: 0 })
  })

  test('leaves no timer and no listener behind, whatever became of them', async () => {
    const { subject, inside } = await occupied({ queue: 3 })
    const { signal } = new AbortController()
    const leaver = new AbortController()
    const works = [
      begin(subject, signal),
      begin(subject, leaver.signal),
      begin(subject, signal),
      begin(subject, signal),
    ]
    expect(await outcomeOf(works[3]!.result), 'step 3 so far: three may wait').toMatchObject(refused('full'))
    leaver.abort()
    inside.end()
    await promisesSettle()
    works[0]!.end()
    await promisesSettle()
    works[2]!.end()
    await promisesSettle()
    expect(vi.getTimerCount(), 'timers, when the last has left').toBe(0)
    const listeners = [signal, leaver.signal].map((signal) => getEventListeners(signal, 'abort').length)
    expect(listeners, 'listeners on the callers’ signals').toEqual([0, 0])
  })
})
