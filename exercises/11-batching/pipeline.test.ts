import { type Passed, Pipeline, type StageOptions } from '#chapters/11-batching/pipeline.ts'
import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { sleep } from '../../shared/core/sleep.ts'
import { holdBothClocks } from '../../shared/testing/clock.ts'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'
import { Tap } from '../../shared/testing/tap.ts'
import { expectNothingUncaught, hearWhatNobodyCaught } from '../../shared/testing/uncaught.ts'

hearWhatNobodyCaught()

beforeEach(holdBothClocks)

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const passed = (index: number, value: unknown) => ({
  status: 'fulfilled',
  value: { done: false, value: { index, status: 'fulfilled', value } },
})
const failed = (index: number, reason: unknown) => ({
  status: 'fulfilled',
  value: { done: false, value: { index, status: 'rejected', reason } },
})
const done = { status: 'fulfilled', value: { done: true, value: undefined } }
const rejected = (reason: unknown) => ({ status: 'rejected', reason })
const pending = { status: 'pending' }

/** Work that ends when the test says so. */
function workshop() {
  const begun: unknown[] = []
  const signals: AbortSignal[] = []
  const jobs = new Map<unknown, PromiseWithResolvers<unknown>>()
  const work = (item: unknown, signal: AbortSignal) => {
    begun.push(item)
    signals.push(signal)
    const job = Promise.withResolvers<unknown>()
    jobs.set(item, job)
    return job.promise
  }
  /** Says so, of these items, one after the other. */
  const finish = async (...items: unknown[]) => {
    for (const item of items) {
      jobs.get(item)?.resolve(item)
      await promisesSettle()
    }
  }
  const fail = async (item: unknown, error: unknown) => {
    jobs.get(item)?.reject(error)
    await promisesSettle()
  }
  return { work, begun, signals, finish, fail }
}

function read(pipeline: Pipeline<unknown>) {
  const iterator: AsyncIterator<Passed<unknown>, undefined> = pipeline[Symbol.asyncIterator]()
  /** A rejection is looked at when there is something to be seen. */
  const next = () => {
    const asked = iterator.next()
    asked.catch(() => {})
    return asked
  }
  return { next, leave: () => iterator.return!(), outcome: () => outcomeOf(next(), 2) }
}

/** Work of 10 ms on virtual time that knows how many are at it. */
function timed() {
  const seen = { now: 0, most: 0 }
  const work = async (item: number) => {
    seen.most = Math.max(seen.most, ++seen.now)
    await sleep(10)
    seen.now--
    return item
  }
  return { seen, work }
}

/** All of it, and how long that took on virtual time. */
async function collect(pipeline: Pipeline<unknown>) {
  const startedAt = performance.now()
  const all: unknown[] = []
  let tookMs: number | undefined
  const reading = (async () => {
    for await (const each of pipeline) all.push(each)
    tookMs = performance.now() - startedAt
  })()
  reading.catch(() => {})
  for (let i = 0; i < 100 && tookMs === undefined; i++) await vi.advanceTimersByTimeAsync(10)
  return { all, tookMs }
}

describe('Step 5: Stages that overlap', () => {
  test('has each stage work while the others do, on one item at a time', async () => {
    const stages = [timed(), timed(), timed()]
    const pipeline = stages.reduce((flow, { work }) => flow.stage(work), new Pipeline<number>(numbers(12)))
    const { all, tookMs } = await collect(pipeline)
    expect(
      stages.map(({ seen }) => seen.most),
      'items at work at a time, in each of three stages of concurrency: 1',
    ).toEqual([1, 1, 1])
    expect(tookMs, 'ms for 12 items in three stages of 10 ms each: one after the other, it would be 360').toBe(140)
    expect(all).toEqual(numbers(12).map((index) => ({ index, status: 'fulfilled', value: index })))
  })

  test('has as many items at work as it may, and no more', async () => {
    const { seen, work } = timed()
    const { all, tookMs } = await collect(new Pipeline(numbers(20)).stage(work, { concurrency: 4 }))
    expect(seen.most, 'at work at a time, with concurrency: 4').toBe(4)
    expect(tookMs, 'ms for 20 items of 10 ms, four at a time').toBe(50)
    expect(all).toHaveLength(20)
    const other = timed()
    const nothing = async (item: number) => void (await other.work(item))
    for (const ordered of [true, false]) {
      const { all } = await collect(new Pipeline(numbers(20)).stage(nothing, { concurrency: 2, buffer: 10, ordered }))
      expect(all, `work that gives nothing has finished all the same, with ordered: ${ordered}`).toHaveLength(20)
    }
    expect(other.seen.most, 'at work at a time, with concurrency: 2, and a buffer for what has finished').toBe(2)
  })

  test('keeps the order of its source, and counts from 0', async () => {
    const source = new Tap('a', 'b', 'c')
    const { work, begun, finish } = workshop()
    const { next, outcome } = read(new Pipeline<unknown>(source).stage(work, { concurrency: 3 }))
    const first = next()
    await promisesSettle()
    expect(begun, 'three may be at work; the source has more, and has not said so yet').toEqual(['a', 'b', 'c'])
    await finish('c', 'b')
    expect(await outcomeOf(first, 2), 'b and c have finished, and a has not').toEqual(pending)
    await finish('a')
    expect(await outcomeOf(first, 2)).toEqual(passed(0, 'a'))
    expect([await outcome(), await outcome()]).toEqual([passed(1, 'b'), passed(2, 'c')])
    source.end()
    expect(await outcome()).toEqual(done)
  })

  test('gives what is finished where the order does not matter, and has nobody wait for the slow', async () => {
    const source = new Tap<unknown>('slow', 'b', 'c', 'd', 'e')
    const { work, begun, finish } = workshop()
    const { next, outcome } = read(new Pipeline<unknown>(source).stage(work, { concurrency: 2, ordered: false }))
    const first = next()
    await promisesSettle()
    expect(begun, 'concurrency: 2').toEqual(['slow', 'b'])
    await finish('b')
    expect(await outcomeOf(first, 2), 'b has finished').toEqual(passed(1, 'b'))
    for (const [index, item] of [
      [2, 'c'],
      [3, 'd'],
    ] as const) {
      await finish(item)
      expect(await outcome(), 'beside the slow one, one after the other').toEqual(passed(index, item))
    }
    await finish('slow')
    expect(await outcome(), 'and the slow one, with its own index').toEqual(passed(0, 'slow'))
    expect(begun).toEqual(['slow', 'b', 'c', 'd', 'e'])
    source.end()
    await finish('e')
    expect([await outcome(), await outcome()], 'each once, also the last one').toEqual([passed(4, 'e'), done])
  })

  test('reads nothing before somebody asks, and one item at a time', async () => {
    const source = new Tap(...numbers(100))
    const { work, begun } = workshop()
    const make = vi.fn<() => AsyncIterable<number>>(() => source)
    const pipeline = new Pipeline<number>(make).stage(work, { concurrency: 5 })
    const { next } = read(pipeline)
    await promisesSettle()
    expect([source.reads, make.mock.calls.length], 'reads of the source, and sources, when nobody asks').toEqual([0, 0])
    void next()
    await promisesSettle()
    expect(begun, 'five are at work, and nobody has finished').toEqual(numbers(5))

    const short = new Pipeline<number>([1, 2])
    const longer = short.stage((item) => item * 10)
    const all = async (pipeline: Pipeline<number>) => {
      const values: unknown[] = []
      for await (const each of pipeline) if (each.status === 'fulfilled') values.push(each.value)
      return values
    }
    const ways = [await all(short), await all(longer), await all(longer)]
    expect(ways, 'two items; the same with a stage more; and that from the beginning').toEqual([
      [1, 2],
      [10, 20],
      [10, 20],
    ])

    const silent = new Tap<number>()
    void read(new Pipeline<number>(silent).stage(work, { concurrency: 5, buffer: 5 })).next()
    await promisesSettle()
    expect(silent.mostAsks, 'calls of next() at a time: what a source does with two is its own affair').toBe(1)
  })

  test('holds no more than there is room for, however slow it is read', async () => {
    const source = new Tap(...numbers(100))
    const options: StageOptions = { concurrency: 2, buffer: 3 }
    const first = vi.fn<(item: unknown) => unknown>((item) => item)
    const second = vi.fn<(item: unknown) => unknown>((item) => item)
    const { outcome } = read(new Pipeline<unknown>(source).stage(first, options).stage(second, options))
    expect(await outcome()).toEqual(passed(0, 0))
    await promisesSettle()
    // One has been given; each stage has 2 + 3, and one more in its hand.
    expect(second.mock.calls.length - 1, 'in the second stage: concurrency: 2, buffer: 3').toBeLessThanOrEqual(6)
    expect(source.reads - 1, 'in two stages, when one item has been read').toBeLessThanOrEqual(12)
    expect(second.mock.calls.length - 1, 'a buffer is there to be filled').toBeGreaterThanOrEqual(4)
    const unordered = new Tap(...numbers(100))
    const slow = workshop()
    const { next } = read(new Pipeline<number>(unordered).stage(slow.work, { ...options, ordered: false }))
    void next()
    await slow.finish(...numbers(1))
    for (let item = 2; item < 50; item++) await slow.finish(item)
    expect(unordered.reads - 1, 'in a stage whose order does not matter, and whose item 1 is slow').toBeLessThanOrEqual(
      6,
    )
  })

  test('tells what has ended it once, also to who was busy then, and is done', async () => {
    const error = new Error('the file is broken')
    for (const isBusy of [false, true])
      for (const who of ['source', 'stage']) {
        // Nobody else is at work: whether one that is stuck is waited for is step 9's question.
        const source = new Tap<unknown>(...(isBusy ? ['a'] : []), ...(who === 'stage' ? ['b'] : []))
        const { work, finish, fail } = workshop()
        const { next, outcome } = read(new Pipeline<unknown>(source).stage(work, { concurrency: 3 }))
        const first = next()
        await promisesSettle()
        if (isBusy) {
          await finish('a')
          expect(await outcomeOf(first, 2), 'a has finished; the source has not').toEqual(passed(0, 'a'))
        }
        if (who === 'source') source.fail(error)
        else await fail('b', error)
        await promisesSettle()
        expect(
          await (isBusy ? outcome() : outcomeOf(first, 2)),
          `the ${who} fails while who reads is ${isBusy ? 'busy' : 'waiting'}`,
        ).toEqual(rejected(error))
        expect([await outcome(), await outcome()], 'once').toEqual([done, done])
      }
    const none = () => {
      throw error
    }
    const { outcome } = read(new Pipeline<unknown>(none).stage((item) => item))
    expect([await outcome(), await outcome()], 'there is no source: the function throws').toEqual([
      rejected(error),
      done,
    ])
  })
})

describe('Step 9: One bad item', () => {
  const bad = new Error('line 2 is no JSON')
  const isItemError = (error: unknown) => error === bad

  test('lets the error of one item travel in its place, past all later stages', async () => {
    const source = new Tap<unknown>('a', 'b', 'c')
    const later = vi.fn<(item: unknown) => unknown>((item) => item)
    const { outcome } = read(
      new Pipeline<unknown>(source)
        .stage(
          (item) => {
            if (item === 'b') throw bad
            return item
          },
          { isItemError },
        )
        .stage(later),
    )
    expect(
      [await outcome(), await outcome(), await outcome()],
      'b fails in the first of two stages; its source has not ended',
    ).toEqual([passed(0, 'a'), failed(1, bad), passed(2, 'c')])
    expect(
      later.mock.calls.map(([item]) => item),
      'what the second stage has seen',
    ).toEqual(['a', 'c'])
    source.end()
    expect(await outcome()).toEqual(done)

    const bads = new Tap(...numbers(100))
    const all = new Pipeline<unknown>(bads).stage(
      () => {
        throw bad
      },
      { isItemError },
    )
    expect(await read(all.stage(later, { buffer: 3 })).outcome()).toEqual(failed(0, bad))
    expect(bads.reads - 1, 'reads ahead, when all are bad: they take room like others').toBeLessThanOrEqual(2 + 5)
  })

  test('ends all at once for any other error, also behind one that is stuck', async () => {
    const source = new Tap<unknown>('stuck', 'b', 'c', 'd')
    const { work, signals, fail, begun } = workshop()
    const { next, outcome } = read(new Pipeline<unknown>(source).stage(work, { concurrency: 3, isItemError }))
    const first = next()
    await promisesSettle()
    const error = new Error('the disk is full')
    await fail('c', error)
    expect(await outcomeOf(first, 2), 'the first item is stuck, and the third has failed').toEqual(rejected(error))
    expect(
      signals.map(({ reason }) => reason),
      'what those hear who are at work',
    ).toEqual([error, error, error])
    expect(await outcome()).toEqual(done)
    // Of nobody's interest any more, and nobody's unhandled rejection.
    await fail('b', new Error('too late'))
    expectNothingUncaught()
    expect(begun, 'begun').toEqual(['stuck', 'b', 'c'])

    for (const isBusy of [false, true]) {
      const { work, finish, fail } = workshop()
      const { next, outcome } = read(new Pipeline<unknown>(new Tap<unknown>('a', 'b')).stage(work, { concurrency: 2 }))
      const first = next()
      await promisesSettle()
      if (isBusy) await finish('a')
      if (isBusy) await outcomeOf(first, 2)
      await fail('b', undefined)
      expect(
        [await (isBusy ? outcome() : outcomeOf(first, 2)), await outcome()],
        'work rejects with undefined, which is an error like others',
      ).toEqual([rejected(undefined), done])
    }

    const broken = new Tap<unknown>('stuck')
    const waiting = read(new Pipeline<unknown>(broken).stage(workshop().work, { concurrency: 3 })).next()
    await promisesSettle()
    broken.fail(error)
    expect(await outcomeOf(waiting, 2), 'the first item is stuck, and the source has failed').toEqual(rejected(error))
  })

  test('ends with what isItemError throws', async () => {
    const mistake = new TypeError('error.code of undefined')
    const { work, fail } = workshop()
    const { next, outcome } = read(
      new Pipeline<unknown>(new Tap<unknown>('a')).stage(work, {
        isItemError: () => {
          throw mistake
        },
      }),
    )
    const first = next()
    await promisesSettle()
    await fail('a', new Error('bad'))
    expect(await outcomeOf(first, 2), 'the question has failed').toEqual(rejected(mistake))
    expect(await outcome()).toEqual(done)
  })
})

describe('Step 10: The end of all of it', () => {
  /** A pipeline of which somebody has read the first item, and whose work on the next two is under way. */
  async function underWay(signal?: AbortSignal) {
    const source = new Tap<unknown>('a', 'b', 'c', 'd')
    let sourceSignal: AbortSignal | undefined
    const shop = workshop()
    const make = (own: AbortSignal) => {
      sourceSignal = own
      return source
    }
    const reader = read(new Pipeline<unknown>(make, signal).stage(shop.work, { concurrency: 2 }).stage((item) => item))
    const first = reader.next()
    await promisesSettle()
    await shop.finish('a')
    expect(await outcomeOf(first, 2), 'step 5 first: the first item has finished').toEqual(passed(0, 'a'))
    expect(shop.begun, 'step 5 first: two are at work').toEqual(['a', 'b', 'c'])
    return {
      ...shop,
      ...reader,
      source,
      reasons: () => [sourceSignal, ...shop.signals].map((signal) => signal?.reason as unknown),
    }
  }

  test('ends when its signal aborts, at once and with its reason', async () => {
    const shutdown = new AbortController()
    const { source, reasons, begun, finish, next, outcome } = await underWay(shutdown.signal)
    const [waiting, also] = [next(), next()]
    await promisesSettle()
    const reason = new Error('shutdown')
    shutdown.abort(reason)
    expect(await outcomeOf(waiting, 2), 'two are at work, and do not end').toEqual(rejected(reason))
    expect(await outcomeOf(also, 2), 'who has asked twice hears it once').toEqual(done)
    expect(reasons(), 'what the source and the three works hear').toEqual(Array.from({ length: 4 }, () => reason))
    expect(source.returns, 'calls of return()').toBe(1)
    await finish('b', 'c')
    expect(begun, 'begun, also after its end').toEqual(['a', 'b', 'c'])
    expect(await outcome()).toEqual(done)
    expect(getEventListeners(shutdown.signal, 'abort'), 'listeners').toHaveLength(0)
  })

  test('ends when whoever reads it leaves, and waits for nobody', async () => {
    const { signal } = new AbortController()
    const { source, reasons, begun, finish, leave, outcome } = await underWay(signal)
    expect(await outcomeOf(leave(), 2), 'the source closes badly, and two are at work').toEqual(done)
    expect(reasons(), 'what the source and the three works hear').toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ code: 'NOT_NEEDED' })),
    )
    await leave()
    expect(source.returns, 'calls of return()').toBe(1)
    await finish('b', 'c')
    expect(begun, 'begun, also after its end').toEqual(['a', 'b', 'c'])
    expect(await outcome()).toEqual(done)
    expect(getEventListeners(signal, 'abort'), 'listeners').toHaveLength(0)

    function* closesBadly() {
      try {
        yield* numbers(9)
      } finally {
        // oxlint-disable-next-line no-unsafe-finally
        throw new Error('closed badly, and at once')
      }
    }
    const late = await underWay()
    await late.leave()
    await late.fail('b', new Error('aborted, as you wished'))
    expect(await late.outcome(), 'a work of which it is over has failed').toEqual(done)
    const bare = new Tap<unknown>()
    const idle = new Tap<unknown>('a')
    const shop = workshop()
    const plain = read(new Pipeline<unknown>(bare))
    const staged = read(new Pipeline<unknown>(idle).stage(shop.work, { concurrency: 2 }))
    void plain.next()
    void staged.next()
    await promisesSettle()
    await plain.leave()
    await staged.leave()
    bare.give('a')
    idle.give('b')
    await shop.finish('a', 'b')
    expect(shop.begun, 'begun: the second came when it was over').toEqual(['a'])
    expect([bare.reads, idle.reads], 'what was asked of the sources, in all').toEqual([1, 2])
    expectNothingUncaught()

    for (const [what, items] of [
      ['an array, which has no return()', numbers(9)],
      ['a generator that throws in its finally', closesBadly()],
    ] as const) {
      const reader = read(new Pipeline<unknown>(items).stage((item) => item))
      await reader.outcome()
      expect(await outcomeOf(reader.leave(), 2), what).toEqual(done)
    }
  })

  test('does not wait for a source that hangs in the middle of its generator', async () => {
    let isClosed = false
    const hangs = Promise.withResolvers<void>()
    async function* source() {
      try {
        yield 'a'
        await hangs.promise
      } finally {
        isClosed = true
      }
    }
    const { next, outcome, leave } = read(new Pipeline<unknown>(source()).stage((item) => item, { buffer: 2 }))
    expect(await outcome(), 'the source has one, and hangs').toEqual(passed(0, 'a'))
    const waiting = next()
    expect(await outcomeOf(leave(), 2), 'return() of a generator stands in line behind its next()').toEqual(done)
    expect(await outcomeOf(waiting, 2)).toEqual(done)
    hangs.resolve()
    await promisesSettle()
    expect(isClosed, 'closed, once it could be').toBe(true)

    const late = new Tap<unknown>('a')
    const other = read(new Pipeline<unknown>(late).stage((item) => item))
    await other.outcome()
    void other.next()
    await other.leave()
    late.fail(new Error('aborted, as you wished'))
    await promisesSettle()
    expectNothingUncaught()
  })

  test('does not close what has ended by itself, nor stop its last work', async () => {
    const { signal } = new AbortController()
    const source = new Tap<unknown>('a', 'b')
    const { work, signals, finish } = workshop()
    const { next, outcome } = read(new Pipeline<unknown>(source, signal).stage(work, { concurrency: 2 }))
    const first = next()
    await promisesSettle()
    source.end()
    await finish('a')
    expect(await outcomeOf(first, 2), 'the first of two').toEqual(passed(0, 'a'))
    await finish('b')
    expect([await outcome(), await outcome()]).toEqual([passed(1, 'b'), done])
    expect(
      signals.map(({ aborted }) => aborted),
      'whether their signals have aborted',
    ).toEqual([false, false])
    expect(signals[0] === signal, 'work has a signal of its own, for whatever ends the pipeline').toBe(false)
    expect(source.returns, 'calls of return()').toBe(0)
    expect(getEventListeners(signal, 'abort'), 'listeners').toHaveLength(0)

    const error = new Error('broken')
    for (const who of ['source', 'stage']) {
      const broken = new Tap<unknown>('a', 'b')
      const shop = workshop()
      const asked = read(new Pipeline<unknown>(broken).stage(shop.work, { concurrency: 2 })).next()
      await promisesSettle()
      if (who === 'source') await shop.finish('a')
      if (who === 'source') broken.fail(error)
      else await shop.fail('a', error)
      await outcomeOf(asked, 2)
      await promisesSettle()
      expect(broken.returns, `calls of return(), when the ${who} has failed`).toBe(who === 'source' ? 0 : 1)
      expect(shop.signals[1]!.reason, `what b hears, which is at work when the ${who} fails`).toBe(error)
    }

    let isClosed = false
    function* promises() {
      try {
        yield 'a'
        yield Promise.reject(error)
        yield 'c'
      } finally {
        isClosed = true
      }
    }
    const { next: ask } = read(new Pipeline<unknown>(promises()).stage((item) => item))
    await outcomeOf(ask(), 2)
    expect(await outcomeOf(ask(), 2), 'a source gives a promise, which rejects').toEqual(rejected(error))
    await promisesSettle()
    expect(isClosed, 'whether it was closed: it has not ended by itself').toBe(true)
  })

  test('begins nothing when its signal has aborted before', async () => {
    const reason = new Error('shutdown')
    const { work, begun } = workshop()
    const source = vi.fn<() => unknown[]>(() => ['a'])
    const pipeline = new Pipeline<unknown>(source, AbortSignal.abort(reason)).stage(work)
    const { next, outcome } = read(pipeline)
    expect(await outcomeOf(next(), 2), 'its signal has aborted').toEqual(rejected(reason))
    expect([source.mock.calls.length, begun.length], 'sources, and items at work').toEqual([0, 0])
    expect(await outcome()).toEqual(done)
  })

  test('keeps nothing of what has gone through', { timeout: 20_000 }, async () => {
    vi.useRealTimers()
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const COUNT = 20_000
    const heap = () => {
      gc()
      return process.memoryUsage().heapUsed
    }
    const signal = new AbortController().signal
    async function* source(count: number) {
      for (let n = 0; n < count; n++) yield { n }
    }
    const pipeline = (count: number) =>
      new Pipeline<{ n: number }>(source(count), signal)
        .stage((item) => item, { concurrency: 4 })
        .stage(async (item) => item, { concurrency: 4, ordered: false })
    let sum = 0
    const run = async (count: number) => {
      let end = 0
      for await (const each of pipeline(count)) {
        sum += each.index
        if (each.index === count - 1) end = heap()
      }
      return end
    }
    // What is compiled, and whatever else happens once.
    expect(await outcomeOf(run(100)), 'step 5 first: a hundred items, in stages of both orders').toMatchObject({
      status: 'fulfilled',
    })
    await run(2_000)
    const before = heap()
    const grown = (await run(COUNT)) - before
    expect(Math.round(grown / COUNT), 'bytes kept of each item, when the last of 20,000 is read').toBeLessThan(50)
    expect(sum, 'of all indices: each has come once').toBe(
      [100, 2_000, COUNT].reduce((total, count) => total + (count * (count - 1)) / 2, 0),
    )

    const stuck = () => new Promise<never>(() => {})
    const ends = async (count: number) => {
      for (let n = 0; n < count; n++) {
        const { next, leave } = read(new Pipeline<unknown>(source(9), signal).stage(stuck, { concurrency: 2 }))
        void next()
        await leave()
        const fails = new Pipeline<unknown>(source(9), signal).stage(() => Promise.reject(signal), { concurrency: 2 })
        await read(fails.stage(stuck))
          .next()
          .catch(() => {})
      }
      return heap()
    }
    // And what is compiled meanwhile: it is not of any pipeline.
    const first = await ends(1_000)
    expect(
      Math.round(((await ends(1_000)) - first) / 1_000),
      'bytes kept of two pipelines that have ended',
    ).toBeLessThan(200)
  })
})
