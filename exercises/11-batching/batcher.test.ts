import { Batcher, type BatcherOptions } from '#chapters/11-batching/batcher.ts'
import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { holdBothClocks } from '../../shared/testing/clock.ts'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'
import { hearWhatNobodyCaught } from '../../shared/testing/uncaught.ts'

hearWhatNobodyCaught()

beforeEach(holdBothClocks)

type Results = readonly PromiseSettledResult<unknown>[]
type Told = (items: readonly string[]) => Results

interface Sent {
  items: readonly string[]
  signal: AbortSignal
  /** Has it come back, with `a!` for `a` unless told otherwise. */
  answer(results?: Results): void
  fail(error: unknown): void
}

const done: Told = (items) => items.map((item) => ({ status: 'fulfilled', value: `${item}!` }))

/** A batcher of letters, and what it has sent: that comes back when the test says so. */
function batcher(options: Partial<BatcherOptions<string, unknown>> = {}) {
  const sent: Sent[] = []
  const subject = new Batcher<string, unknown>({
    maxSize: 3,
    maxWaitMs: 10,
    ...options,
    send: (items, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Results>()
      sent.push({ items, signal, answer: (results = done(items)) => resolve(results), fail: reject })
      return promise
    },
  })
  /** Adds letters; their rejections are looked at when there is something to be seen. */
  const add = (letters: string, signal?: AbortSignal) =>
    [...letters].map((letter) => {
      const added = subject.add(letter, signal)
      added.catch(() => {})
      return added
    })
  const batches = () => sent.map(({ items }) => items.join(''))
  return { subject, sent, add, batches }
}

const times = <V>(length: number, value: V) => Array.from({ length }, () => value)
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const pending = { status: 'pending' }
const outcomesOf = (promises: Promise<unknown>[]) => Promise.all(promises.map((promise) => outcomeOf(promise, 2)))
const fulfilled = (value: unknown) => ({ status: 'fulfilled', value })
const rejected = (reason: unknown) => ({ status: 'rejected', reason })
const code = (code: string) => rejected(expect.objectContaining({ code }))

describe('Step 1: Size or time', () => {
  test('sends a full batch at once, and only a full one', async () => {
    const { subject, sent, add, batches } = batcher({ maxInFlight: 5 })
    add('ab')
    await promisesSettle()
    expect(batches(), 'maxSize: 3, and two are there').toEqual([])
    expect(subject.waiting, 'waiting').toBe(2)
    add('cde')
    await promisesSettle()
    expect(batches(), 'the third makes it a batch, in the order in which they came; two more wait').toEqual(['abc'])
    add('f')
    await promisesSettle()
    expect(batches()).toEqual(['abc', 'def'])
    for (const { answer } of sent) answer()
  })

  test('sends what there is when the oldest has waited for long enough, however it goes on trickling', async () => {
    const { add, batches } = batcher({ maxSize: 100, maxInFlight: 5 })
    for (const letter of 'abc') {
      add(letter)
      await pass(4)
    }
    // 12 ms, of which a has waited for ten: a batch of a, b and c has gone.
    expect(batches(), 'one more each 4 ms, and maxWaitMs: 10: who waits for a pause waits for ever').toEqual(['abc'])
    add('d')
    await pass(9)
    expect(batches(), 'd has waited for 9 ms').toEqual(['abc'])
    await pass(1)
    expect(batches(), 'd has waited for 10 ms').toEqual(['abc', 'd'])

    const hasty = batcher({ maxWaitMs: 0 })
    hasty.add('a')
    await pass(1)
    expect(hasty.batches(), 'maxWaitMs: 0, which is a number like others: a has waited for long enough').toEqual(['a'])

    const other = batcher()
    other.add('a')
    vi.setSystemTime(Date.now() - 3_600_000)
    await pass(10)
    expect(other.batches(), 'somebody has set the clock back, an hour: Date.now() knows no durations').toEqual(['a'])
  })

  test('lets an item wait its own time, whatever batch has gone before it', async () => {
    const { add, batches } = batcher({ maxInFlight: 5 })
    add('a')
    await pass(6)
    add('bc')
    await pass(1)
    expect(batches()).toEqual(['abc'])
    add('d')
    await pass(9)
    expect(batches(), 'a would have gone by now; d, which is alone, has waited for 9 ms').toEqual(['abc'])
    await pass(1)
    expect(batches(), 'and now for 10').toEqual(['abc', 'd'])
    // Not a multiple of ten since anything.
    await pass(37)
    add('e')
    await pass(9)
    expect(batches(), 'e comes after a long silence, and has waited for 9 ms: there is no tick for it').toHaveLength(2)
    await pass(1)
    expect(batches()).toHaveLength(3)
  })

  test('has no timer while there is nothing to send', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const { add, batches } = batcher({ maxInFlight: 5 })
    expect(vi.getTimerCount(), 'timers of a new one').toBe(0)
    add('a')
    expect(vi.getTimerCount(), 'timers, when one waits').toBe(1)
    const { value: timer } = set.mock.results[0]!
    expect(timer.hasRef(), 'whether its timer keeps the process: with unref() it may end, and a is lost').toBe(true)
    add('bc')
    await promisesSettle()
    expect(vi.getTimerCount(), 'timers, when the batch has gone because it was full').toBe(0)
    add('d')
    await pass(10)
    expect(vi.getTimerCount(), 'timers, when the batch has gone because it was time').toBe(0)
    expect(batches()).toEqual(['abc', 'd'])
  })

  test('gives each batch an array of its own', async () => {
    const { sent, add } = batcher({ maxInFlight: 5 })
    add('abcdef')
    await promisesSettle()
    expect(
      sent.map(({ items }) => items.join('')),
      'the items of two batches, when both are under way',
    ).toEqual(['abc', 'def'])
  })

  test('has what send adds go with the next', async () => {
    const batches: string[] = []
    const subject = new Batcher<string, string>({
      maxSize: 2,
      maxWaitMs: 10,
      maxInFlight: 5,
      send: async (items) => {
        batches.push(items.join(''))
        // A write that has another one written.
        if (items.includes('a')) void subject.add('c').catch(() => {})
        return items.map((value) => ({ status: 'fulfilled', value }))
      },
    })
    const added = ['a', 'b'].map((item) => subject.add(item))
    await promisesSettle()
    expect(batches, 'send has added c while it was called').toEqual(['ab'])
    expect(await outcomesOf(added), 'results of the batch that had one added').toEqual([fulfilled('a'), fulfilled('b')])
    await pass(10)
    expect(batches, 'c has waited for 10 ms').toEqual(['ab', 'c'])
    expect(vi.getTimerCount(), 'timers').toBe(0)
  })
})

describe('Step 2: One promise each', () => {
  test('gives each item its own result, in order', async () => {
    const { sent, add, batches } = batcher({ maxSize: 4 })
    const added = add('abcd')
    await promisesSettle()
    expect(batches(), 'step 1 first: four are a batch').toEqual(['abcd'])
    const bad = new Error('b is bad')
    sent[0]!.answer([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: bad },
      { status: 'fulfilled', value: undefined },
      { status: 'rejected', reason: undefined },
    ])
    expect(await outcomesOf(added), 'one, a failure, undefined, and a failure that gives no reason').toEqual([
      fulfilled(1),
      rejected(bad),
      fulfilled(undefined),
      rejected(undefined),
    ])
  })

  test('takes an Error that is a value for a value', async () => {
    const { sent, add } = batcher({ maxSize: 1 })
    const [added] = add('a')
    await promisesSettle()
    const value = new Error('what somebody wrote into their log')
    sent[0]!.answer([{ status: 'fulfilled', value }])
    expect(await outcomeOf(added!), 'status: fulfilled says whether it is one').toEqual(fulfilled(value))
  })

  test('tells everybody when their batch fails, and goes on with the next', async () => {
    const { sent, add, batches } = batcher()
    const [a, b, c, d, e, f] = add('abcdef')
    await promisesSettle()
    expect(batches(), 'step 1 first: three are a batch').toContain('abc')
    const error = new Error('the database is away')
    sent[0]!.fail(error)
    expect(await outcomesOf([a!, b!, c!]), 'those of the batch that has failed').toEqual(times(3, rejected(error)))
    expect(batches(), 'and the next one').toEqual(['abc', 'def'])
    expect(sent[1]!.signal.aborted, 'whether that is told to stop').toBe(false)
    sent[1]!.answer()
    expect(await outcomesOf([d!, e!, f!])).toEqual(['d!', 'e!', 'f!'].map(fulfilled))
  })

  test('takes a throw for a rejection', async () => {
    let calls = 0
    const subject = new Batcher<string, string>({
      maxSize: 2,
      send: (items) => {
        if (++calls === 1) throw new Error('at once')
        return Promise.resolve(items.map((value) => ({ status: 'fulfilled', value })))
      },
    })
    const thrown: unknown[] = []
    const added = ['a', 'b', 'c', 'd'].map((item) => {
      try {
        return subject.add(item)
      } catch (error) {
        thrown.push(error)
        return Promise.reject(error)
      }
    })
    const outcomes = await outcomesOf(added)
    expect(thrown, 'what add has thrown, where a promise was expected').toEqual([])
    expect(outcomes, 'two of a batch whose send throws, and two of the next').toEqual([
      rejected(new Error('at once')),
      rejected(new Error('at once')),
      fulfilled('c'),
      fulfilled('d'),
    ])
    expect(subject.inFlight, 'batches under way').toBe(0)
  })

  test('says how many results it wanted, and how many there were', async () => {
    for (const results of [done(['a', 'b']), done(['a', 'b', 'c', 'd']), null]) {
      const { sent, add } = batcher()
      const added = add('abc')
      await promisesSettle()
      sent[0]?.answer(results as Results)
      const outcomes = await outcomesOf(added)
      expect(outcomes, `${results ? results.length : 'no'} results for three: nobody knows whose they are`).toEqual(
        times(3, rejected(expect.any(TypeError))),
      )
      const { message } = (outcomes[0] as { reason: TypeError }).reason
      expect(message, 'how many were sent').toMatch(/\b3\b/)
      if (results) expect(message, 'how many results there were').toContain(String(results.length))
    }
  })
})

describe('Step 3: Only so many', () => {
  test('has no more batches under way than maxInFlight', async () => {
    const { subject, sent, add, batches } = batcher({ maxInFlight: 2 })
    add('abcdefghi')
    await promisesSettle()
    expect(batches(), 'maxInFlight: 2, for nine in threes').toEqual(['abc', 'def'])
    expect([subject.inFlight, subject.waiting], 'batches under way, and items that wait').toEqual([2, 3])
    await pass(1_000)
    expect(batches(), 'time alone makes no place').toHaveLength(2)
    sent[1]!.answer()
    await promisesSettle()
    expect(batches(), 'one is back').toEqual(['abc', 'def', 'ghi'])
  })

  test('sends what came due meanwhile as soon as there is a place, and has the rest wait its time', async () => {
    const { sent, add, batches } = batcher()
    add('abc')
    await pass(1)
    add('d')
    await pass(10)
    expect(batches(), 'd has waited for 10 ms, and the one batch that there may be is under way').toEqual(['abc'])
    add('efg')
    sent[0]!.answer()
    await promisesSettle()
    expect(batches(), 'd was due').toEqual(['abc', 'def'])
    sent[1]!.answer()
    await pass(9)
    expect(batches(), 'g came with the place, 9 ms ago: it is alone, and not due').toEqual(['abc', 'def'])
    await pass(1)
    expect(batches(), 'g has waited for 10 ms').toEqual(['abc', 'def', 'g'])
  })

  test('has the place of a batch that fails for the next', async () => {
    const { subject, sent, add, batches } = batcher()
    add('abcdefghi')
    await promisesSettle()
    expect(batches(), 'step 1 first: three are a batch').toEqual(['abc'])
    sent[0]!.fail(new Error('away'))
    await promisesSettle()
    expect(batches(), 'the first has failed').toEqual(['abc', 'def'])
    sent[1]!.answer([])
    await promisesSettle()
    expect(batches(), 'the second was told of no item').toEqual(['abc', 'def', 'ghi'])
    sent[2]!.answer()
    await promisesSettle()
    expect(subject.inFlight).toBe(0)
  })

  test('refuses at once what is more than may wait', async () => {
    const { subject, sent, add } = batcher({ capacity: 4 })
    const added = add('abcdefgh')
    const late = await outcomeOf(added[7]!, 2)
    expect(late, 'three are under way, and capacity: 4 wait').toEqual(code('QUEUE_FULL'))
    expect(subject.waiting).toBe(4)
    expect(await outcomesOf(added.slice(0, 7)), 'the others').toEqual(times(7, pending))
    sent[0]!.answer()
    await promisesSettle()
    expect(await outcomeOf(add('i')[0]!, 2), 'three of the four are under way now').toEqual(pending)
  })

  test('sends what waits at once when it drains, and resolves when all of it is back', async () => {
    const { subject, sent, add, batches } = batcher()
    const added = add('abcd')
    const time = new AbortController()
    const drained = subject.drain(time.signal)
    await promisesSettle()
    expect(batches(), 'there is one place, and it is taken').toEqual(['abc'])
    expect(await outcomeOf(drained, 2), 'what it holds is not back').toEqual(pending)
    sent[0]!.answer()
    await promisesSettle()
    expect(batches(), 'no need to wait for company any more').toEqual(['abc', 'd'])
    expect(await outcomeOf(drained, 2), 'd has been sent, and is not back').toEqual(pending)
    sent[1]!.fail(new Error('away'))
    expect(await outcomeOf(drained), 'whatever became of it').toEqual(fulfilled([]))
    expect(await outcomesOf(added.slice(0, 3))).toEqual(['a!', 'b!', 'c!'].map(fulfilled))
    expect(vi.getTimerCount(), 'timers').toBe(0)
    expect(getEventListeners(time.signal, 'abort'), 'listeners on its signal').toHaveLength(0)
  })

  test('takes nothing once it drains, and drains once', async () => {
    const { subject, sent, add, batches } = batcher()
    add('ab')
    const drained = subject.drain()
    const again = subject.drain(AbortSignal.abort(new Error('of the second')))
    expect(again, 'the same promise').toBe(drained)
    expect(sent[0]!.signal.aborted, 'whether the signal of the second counts').toBe(false)
    const late = add('c')[0]!
    expect(await outcomeOf(late, 2), 'added after drain').toEqual(code('CLOSED'))
    expect(batches()).toEqual(['ab'])
    sent[0]!.answer()
    expect(await outcomeOf(drained)).toEqual(fulfilled([]))
    expect(await outcomeOf(add('d')[0]!, 2), 'added when it has drained').toEqual(code('CLOSED'))
    expect(subject.drain(), 'still the same').toBe(drained)
    expect(await outcomeOf(batcher().subject.drain()), 'of one that was never used').toEqual(fulfilled([]))
  })

  test('hands back what was never sent when its time is up, and waits for nobody', async () => {
    const { subject, sent, add } = batcher()
    const added = add('abcdefgh')
    const time = new AbortController()
    const drained = subject.drain(time.signal)
    const reason = new Error('two seconds are over')
    expect(await outcomeOf(drained, 2), 'three are under way, and there is time').toEqual(pending)
    time.abort(reason)
    expect(await outcomeOf(drained), 'never sent, in their order; and not what is under way').toEqual(
      fulfilled([...'defgh']),
    )
    expect(await outcomesOf(added.slice(3)), 'whoever had added them').toEqual(times(5, rejected(reason)))
    expect([sent[0]!.signal.aborted, sent[0]!.signal.reason], 'the signal that send was given').toEqual([true, reason])
    expect(await outcomesOf(added.slice(0, 3)), 'what is under way may be written yet').toEqual(times(3, pending))
    sent[0]!.answer()
    expect(await outcomesOf(added.slice(0, 3)), 'and has been').toEqual(['a!', 'b!', 'c!'].map(fulfilled))
    expect(sent, 'batches').toHaveLength(1)
    expect([subject.waiting, subject.inFlight, vi.getTimerCount()], 'waiting, under way, timers').toEqual([0, 0, 0])
    expect(getEventListeners(time.signal, 'abort'), 'listeners on its signal').toHaveLength(0)
  })

  test('hands back everything when there is no time from the beginning', async () => {
    const { subject, add, batches } = batcher()
    add('ab')
    const drained = subject.drain(AbortSignal.abort(new Error('late')))
    expect(await outcomeOf(drained, 2)).toEqual(fulfilled(['a', 'b']))
    expect([batches(), vi.getTimerCount()], 'batches and timers').toEqual([[], 0])
  })
})

describe('Step 6: Whoever leaves', () => {
  const gone = new Error('the client hung up')

  test('takes nothing of whoever has left before', async () => {
    const { subject, add, batches } = batcher()
    const [added] = add('a', AbortSignal.abort(gone))
    expect(await outcomeOf(added!, 2), 'an item whose signal has aborted').toEqual(rejected(gone))
    expect([subject.waiting, vi.getTimerCount()], 'waiting, and timers').toEqual([0, 0])
    await pass(10)
    expect(batches()).toEqual([])
  })

  test('never sends what somebody has taken back, and has its place for another', async () => {
    const { subject, sent, add, batches } = batcher({ capacity: 3 })
    add('abc')
    const leaver = new AbortController()
    const [, left] = [...add('d'), ...add('e', leaver.signal), ...add('f')]
    leaver.abort(gone)
    expect(await outcomeOf(left!, 2), 'at once, while a batch is under way').toEqual(rejected(gone))
    expect(subject.waiting, 'waiting').toBe(2)
    const [taken] = add('g')
    expect(await outcomeOf(taken!, 2), 'capacity: 3, and one of the three has left').toEqual(pending)
    sent[0]!.answer()
    await promisesSettle()
    expect(batches(), 'without e').toEqual(['abc', 'dfg'])
  })

  test('takes its time along when the oldest leaves', async () => {
    const { add, batches } = batcher({ maxInFlight: 5 })
    const leaver = new AbortController()
    add('a', leaver.signal)
    await pass(6)
    add('b')
    leaver.abort(gone)
    await pass(9)
    expect(batches(), 'b has waited for 9 ms; a, which has left, would have for 15').toEqual([])
    await pass(1)
    expect(batches(), 'b has waited for 10 ms').toEqual(['b'])
    const other = new AbortController()
    add('c', other.signal)
    other.abort(gone)
    expect(vi.getTimerCount(), 'timers, when the only one has left').toBe(0)
  })

  test('lets whoever leaves go while their batch is under way, and the batch go on', async () => {
    const { sent, add } = batcher()
    const leaver = new AbortController()
    const [a, b, c] = [...add('a'), ...add('b', leaver.signal), ...add('c')]
    await promisesSettle()
    expect(sent, 'step 1 first: three are a batch').toHaveLength(1)
    leaver.abort(gone)
    expect(await outcomeOf(b!, 2), 'at once').toEqual(rejected(gone))
    expect(sent[0]!.signal.aborted, 'the batch is also somebody else’s').toBe(false)
    sent[0]!.answer()
    expect(await outcomesOf([a!, c!])).toEqual(['a!', 'c!'].map(fulfilled))
  })

  test('leaves no listener on anybody’s signal', async () => {
    const { sent, add, subject } = batcher()
    const { signal } = new AbortController()
    add('abcdef', signal)
    expect(getEventListeners(signal, 'abort'), 'listeners, for six items').toHaveLength(6)
    sent[0]!.answer()
    await promisesSettle()
    sent[1]!.fail(new Error('away'))
    await promisesSettle()
    add('g', signal)
    void subject.drain(AbortSignal.abort())
    await promisesSettle()
    expect(getEventListeners(signal, 'abort'), 'listeners, of written, failed and handed back').toHaveLength(0)
  })
})

describe('Step 7: One key, one batch', () => {
  // By their letter: a and A have one key.
  const keyOf = (letter: string) => letter.toLowerCase()

  test('has no key in two batches at a time', async () => {
    const { sent, add, batches } = batcher({ keyOf, maxInFlight: 5 })
    add('abcA')
    await pass(10)
    expect(batches(), 'A waits for the batch of a, though there is a place, and it is due').toEqual(['abc'])
    sent[0]!.answer()
    await promisesSettle()
    expect(batches(), 'and goes when that is back').toEqual(['abc', 'A'])

    const pairs = batcher({ keyOf, maxSize: 2, maxInFlight: 5 })
    pairs.add('abAABB')
    await promisesSettle()
    pairs.sent[0]!.answer()
    await promisesSettle()
    expect(pairs.batches(), 'one is back, and two can go').toEqual(['ab', 'AA', 'BB'])
  })

  test('lets one that is busy hold up nobody else', async () => {
    const { add, batches } = batcher({ keyOf, maxInFlight: 5 })
    add('abc')
    add('ABCAdBef')
    await promisesSettle()
    expect(batches(), 'd, e and f have nothing to do with those before them').toEqual(['abc', 'def'])
    add('g')
    await pass(10)
    expect(batches(), 'g is due').toEqual(['abc', 'def', 'g'])
  })

  test('counts to a full batch what may go, and times the oldest of it', async () => {
    const { sent, add, batches } = batcher({ keyOf, maxInFlight: 5 })
    add('abc')
    add('AB')
    await pass(6)
    add('d')
    await promisesSettle()
    expect(batches(), 'three wait, and two of them may not go').toEqual(['abc'])
    await pass(9)
    expect(batches(), 'd has waited for 9 ms; A has for 15, and may not go').toEqual(['abc'])
    sent[0]!.answer()
    await promisesSettle()
    expect(batches(), 'A and B have been due for long').toEqual(['abc', 'ABd'])
  })

  test('keeps the order within a key, also in one batch', async () => {
    const { sent, add, batches } = batcher({ keyOf, maxSize: 2, maxInFlight: 5 })
    add('aAaAb')
    await promisesSettle()
    expect(batches(), 'two of a, and the next of it wait').toEqual(['aA'])
    add('c')
    await promisesSettle()
    expect(batches(), 'b and c').toEqual(['aA', 'bc'])
    sent[0]!.answer()
    await promisesSettle()
    expect(batches()).toEqual(['aA', 'bc', 'aA'])
    add('a')
    sent[2]!.answer()
    await pass(10)
    expect(batches()).toEqual(['aA', 'bc', 'aA', 'a'])
  })

  test('frees the keys of a batch that fails, and counts for nothing who has left', async () => {
    const { sent, add, batches } = batcher({ keyOf, maxInFlight: 5 })
    add('abc')
    const leaver = new AbortController()
    add('A', leaver.signal)
    add('B')
    await promisesSettle()
    expect(batches(), 'A and B have busy keys').toEqual(['abc'])
    leaver.abort(new Error('gone'))
    add('de')
    await promisesSettle()
    expect(batches(), 'd and e are two').toEqual(['abc'])
    sent[0]!.fail(new Error('away'))
    await promisesSettle()
    expect(batches(), 'the batch of b has failed: B is free, and is one of three').toEqual(['abc', 'Bde'])
    add('af')
    await pass(10)
    expect(batches(), 'a is nobody’s any more').toEqual(['abc', 'Bde', 'af'])
  })

  test('takes undefined and NaN for keys like others', async () => {
    for (const key of [undefined, NaN, null]) {
      const { sent, add, batches } = batcher({ keyOf: (letter) => (letter < 'd' ? key : letter), maxInFlight: 5 })
      add('adeb')
      await pass(10)
      expect(batches(), `a and b have the key ${key}`).toEqual(['ade'])
      sent[0]!.answer()
      await promisesSettle()
      expect(batches()).toEqual(['ade', 'b'])
    }
    const keys: Record<string, unknown> = { a: {}, b: {}, c: 1, d: '1' }
    const { add, batches } = batcher({ keyOf: (letter) => keys[letter], maxSize: 1, maxInFlight: 5 })
    add('abcd')
    await promisesSettle()
    expect(batches(), 'two objects, 1 and “1”: by Map’s idea of equal, they are four').toEqual(['a', 'b', 'c', 'd'])
  })

  test('keeps no key that nobody has any more', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const keys: WeakRef<object>[] = []
    const subject = new Batcher<{ key: object }, unknown>({
      maxSize: 2,
      keyOf: ({ key }) => key,
      send: async (items) => items.map(() => ({ status: 'fulfilled', value: undefined })),
    })
    const add = (signal?: AbortSignal) => {
      const key = {}
      keys.push(new WeakRef(key))
      return outcomeOf(subject.add({ key }, signal), 2)
    }
    expect(await Promise.all([add(), add()]), 'a batch of two, which has come back').toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled' },
    ])
    const leaver = new AbortController()
    const left = add(leaver.signal)
    leaver.abort(new Error('gone'))
    expect(await left, 'has left').toMatchObject({ status: 'rejected' })
    await promisesSettle()
    gc()
    const kept = keys.map((key) => key.deref() !== undefined)
    expect(kept, 'keys that are kept, of two that were sent and of one who has left').toEqual([false, false, false])
  })

  test('takes nothing of which it cannot tell the key', async () => {
    const mistake = new TypeError('shipment of undefined')
    const { subject, batches } = batcher({
      keyOf: () => {
        throw mistake
      },
    })
    const { signal } = new AbortController()
    let added: Promise<unknown> | undefined
    try {
      added = subject.add('a', signal)
    } catch {}
    expect(added, 'what add has given, where a promise was expected').toBeInstanceOf(Promise)
    expect(await outcomeOf(added!, 2), 'keyOf throws').toEqual(rejected(mistake))
    await pass(10)
    expect([subject.waiting, batches()], 'waiting and sent: whoever has added it heard that it was not').toEqual([
      0,
      [],
    ])
    expect(getEventListeners(signal, 'abort'), 'listeners').toHaveLength(0)
  })
})
