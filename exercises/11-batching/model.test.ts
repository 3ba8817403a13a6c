import { Batcher, type BatcherOptions } from '#chapters/11-batching/batcher.ts'
import { Channel } from '#chapters/11-batching/channel.ts'
import { merge } from '#chapters/11-batching/merge.ts'
import { Pipeline, type StageOptions } from '#chapters/11-batching/pipeline.ts'
import { AssertionError, deepStrictEqual, ok } from 'node:assert'
import * as fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { holdBothClocks } from '../../shared/testing/clock.ts'
import { promisesSettle } from '../../shared/testing/outcome.ts'

// The same five hundred nights each time, or as many as are asked for.
const { INTERLEAVINGS } = process.env
const runs = { numRuns: Number(INTERLEAVINGS ?? 500), seed: 11 }
const patience = { timeout: INTERLEAVINGS ? 3_600_000 : 20_000 }

beforeEach(holdBothClocks)

interface Item {
  name: number
  key: number
  addedAt: number
}
interface Batch {
  items: readonly Item[]
  isBack: boolean
  answer(): void
  fail(): void
}
interface Limits {
  maxSize: number
  maxWaitMs: number
  maxInFlight: number
  capacity: number
  isKeyed: boolean
}

const which = fc.nat(50)
const happening = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant('add' as const), which: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('leave' as const), which }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('answer', 'answer', 'fail' as const), which }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('time' as const), which: fc.constantFrom(1, 3, 9, 10, 11) }) },
)
const FAILURE = new Error('the database is away')
const GONE = new Error('the client hung up')
const LATE = new Error('two seconds are over')

async function play(limits: Limits, happenings: { what: string; which: number }[], hasTime: boolean): Promise<void> {
  const { maxSize, maxWaitMs, maxInFlight, capacity, isKeyed } = limits
  const batches: Batch[] = []
  const items: Item[] = []
  const leavers: AbortController[] = []
  const ends: string[] = []
  let isDraining = false
  // What send finds wrong is a failure of its batch, and would be told to nobody but the items.
  let wrong: AssertionError | undefined
  const underWay = () => batches.filter(({ isBack }) => !isBack)
  const isBusy = (key: number) => isKeyed && underWay().some(({ items }) => items.some((item) => item.key === key))
  const hasBeenSent = (item: Item) => batches.some(({ items }) => items.includes(item))
  const waiting = () => items.filter((item) => !ends[item.name] && !hasBeenSent(item))
  const ready = () => waiting().filter(({ key }) => !isBusy(key))

  const subject = new Batcher<Item, string>({
    maxSize,
    maxWaitMs,
    maxInFlight,
    capacity,
    ...(isKeyed && { keyOf: ({ key }) => key }),
    send: (sent) => {
      ok(sent.length > 0 && sent.length <= maxSize, `a batch of ${sent.length}, with maxSize: ${maxSize}`)
      ok(!sent.some(hasBeenSent), 'an item is sent twice')
      ok(!sent.some(({ name }) => ends[name]), 'an item is sent that somebody has taken back')
      ok(!sent.some(({ key }) => isBusy(key)), 'a key is in two batches at a time')
      const before = ready()
      const isDue = sent.some(({ addedAt }) => performance.now() - addedAt >= maxWaitMs)
      ok(isDraining || sent.length === maxSize || isDue, 'a batch goes that is neither full nor due')
      // In the order in which they came, and nobody overtakes.
      deepStrictEqual(
        sent.map(({ name }) => name),
        before.slice(0, sent.length).map(({ name }) => name),
        'the oldest that may go, in their order',
      )
      const { promise, resolve, reject } = Promise.withResolvers<readonly PromiseSettledResult<string>[]>()
      batches.push({
        items: sent,
        isBack: false,
        answer: () => resolve(sent.map(({ name }) => ({ status: 'fulfilled', value: `${name}` }))),
        fail: () => reject(FAILURE),
      })
      ok(underWay().length <= maxInFlight, `${underWay().length} batches under way, with maxInFlight: ${maxInFlight}`)
      return promise
    },
  })

  const add = async (key: number) => {
    const item = { name: items.length, key, addedAt: performance.now() }
    const room = capacity - waiting().length
    items.push(item)
    leavers.push(new AbortController())
    const end = (how: string) => {
      ok(!ends[item.name], 'an item is settled twice')
      ends[item.name] = how
    }
    subject.add(item, leavers[item.name]!.signal).then(
      (value) => end(value === `${item.name}` ? 'done' : `told of ${value}`),
      (error) => {
        if (error instanceof AssertionError) wrong ??= error
        end(error === GONE ? 'gone' : error === FAILURE ? 'failed' : error === LATE ? 'late' : error.code)
      },
    )
    await promisesSettle()
    if (room <= 0) deepStrictEqual(ends[item.name], 'QUEUE_FULL', 'one more than may wait')
  }
  const look = async () => {
    await promisesSettle()
    if (wrong) throw wrong
    deepStrictEqual(subject.waiting, waiting().length, 'waiting')
    deepStrictEqual(subject.inFlight, underWay().length, 'inFlight')
    const mayGo = ready()
    const isFree = underWay().length < maxInFlight && mayGo.length > 0
    ok(!isFree || mayGo.length < maxSize, 'there is a place, and a full batch waits')
    ok(!isFree || performance.now() - mayGo[0]!.addedAt < maxWaitMs, 'there is a place, and an item waits that is due')
    deepStrictEqual(vi.getTimerCount(), isFree ? 1 : 0, 'timers')
    for (const batch of batches.filter(({ isBack }) => isBack))
      for (const { name } of batch.items) ok(ends[name], 'a batch is back, and one of it has not been told')
  }
  const back = async (batch: Batch | undefined, how: 'answer' | 'fail') => {
    if (!batch) return
    batch.isBack = true
    batch[how]()
    await promisesSettle()
    for (const { name } of batch.items)
      ok([how === 'fail' ? 'failed' : 'done', 'gone'].includes(ends[name]!), `of a batch with ${how}: ${ends[name]}`)
  }

  for (const { what, which } of happenings) {
    if (what === 'add') await add(which)
    else if (what === 'leave') leavers[which % (leavers.length || 1)]?.abort(GONE)
    else if (what === 'time') await vi.advanceTimersByTimeAsync(which)
    else await back(underWay()[which % (underWay().length || 1)], what as 'answer' | 'fail')
    await look()
  }

  isDraining = true
  const time = new AbortController()
  let left: Item[] | undefined
  void subject.drain(time.signal).then((items) => (left = items))
  if (!hasTime) {
    await promisesSettle()
    const unsent = waiting()
    time.abort(LATE)
    await promisesSettle()
    deepStrictEqual(left, unsent, 'what is handed back, in its order')
  }
  while (underWay().length > 0) await back(underWay()[0], 'answer')
  await promisesSettle()
  if (wrong) throw wrong
  if (hasTime) deepStrictEqual(left, [], 'drained')
  deepStrictEqual([waiting().length, underWay().length, vi.getTimerCount()], [0, 0, 0], 'waiting, under way, timers')
  for (const { name } of items) ok(ends[name], `item ${name} has never been told`)
}

describe('Step 12: Nonsense, and nights by the thousand', () => {
  test('refuses nonsense by name', () => {
    const send = () => Promise.resolve([])
    const batcher = (options: Partial<BatcherOptions<string, string>>) =>
      new Batcher<string, string>({ send, ...options })
    const stage = (options: StageOptions) => new Pipeline<string>([]).stage((item) => item, options)
    const makers: [what: string, name: string, make: (value: number) => unknown, wrong: number[]][] = [
      ['a Batcher', 'maxSize', (maxSize) => batcher({ maxSize }), [0, -1, 1.5, NaN, Infinity]],
      ['a Batcher', 'maxWaitMs', (maxWaitMs) => batcher({ maxWaitMs }), [-1, NaN, 2 ** 31, Infinity]],
      ['a Batcher', 'maxInFlight', (maxInFlight) => batcher({ maxInFlight }), [0, -1, 1.5, NaN, Infinity]],
      ['a Batcher', 'capacity', (capacity) => batcher({ maxSize: 10, capacity }), [9, 10.5, NaN, Infinity]],
      ['a Channel', 'capacity', (capacity) => new Channel(capacity), [-1, 1.5, NaN, Infinity]],
      ['a stage', 'concurrency', (concurrency) => stage({ concurrency }), [0, -1, 1.5, NaN, Infinity]],
      ['a stage', 'buffer', (buffer) => stage({ buffer }), [-1, 1.5, NaN, Infinity]],
      ['merge', 'buffer', (buffer) => merge([], { buffer }), [-1, 1.5, NaN, Infinity]],
    ]
    for (const [what, name, make, wrong] of makers)
      for (const value of [...wrong, '5' as unknown as number, null as unknown as number]) {
        expect(() => make(value), `${what} with a ${name} of ${value}`).toThrow(RangeError)
        expect(() => make(value), 'the message, for whoever has to find the typo').toThrow(name)
      }
    expect(() => batcher({ maxSize: 1, maxWaitMs: 0, capacity: 1 }), 'unusual, and fine').not.toThrow()
    expect(
      () => batcher({ maxWaitMs: 2 ** 31 - 1, maxSize: undefined }),
      'what is undefined has its default',
    ).not.toThrow()
    expect(() => [new Channel(0), stage({ buffer: undefined }), merge([], { buffer: 0 })], 'fine').not.toThrow()
  })

  test('sends and settles each once, within its limits and in order, whatever happens', patience, async () => {
    const night = fc.record({
      limits: fc.record({
        maxSize: fc.integer({ min: 1, max: 4 }),
        maxWaitMs: fc.constantFrom(1, 10, 30),
        maxInFlight: fc.integer({ min: 1, max: 3 }),
        capacity: fc.integer({ min: 4, max: 8 }),
        isKeyed: fc.boolean(),
      }),
      happenings: fc.array(happening, { maxLength: 40 }),
      hasTime: fc.boolean(),
    })
    const story = ({
      limits,
      happenings,
      hasTime,
    }: {
      limits: Limits
      happenings: { what: string; which: number }[]
      hasTime: boolean
    }) => play(limits, happenings, hasTime)
    const { counterexample, errorInstance } = await fc.check(fc.asyncProperty(night, story), runs)
    expect(
      counterexample && { story: counterexample, because: (errorInstance as Error).message },
      'the shortest night on which it is not so',
    ).toBeNull()
  })
})
