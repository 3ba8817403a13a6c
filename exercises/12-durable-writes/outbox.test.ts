import type { Item, OutboxOptions } from '#chapters/12-durable-writes/options.ts'
import { Outbox } from '#chapters/12-durable-writes/outbox.ts'
import { CongestionWindow } from '#chapters/12-durable-writes/window.ts'
import { getEventListeners } from 'node:events'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  ClosedError,
  LogBrokenError,
  LogCorruptError,
  LogWriteError,
  OutboxFullError,
  ResponseError,
} from '../../shared/core/errors.ts'
import { seededRandom } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { holdBothClocks } from '../../shared/testing/clock.ts'
import { outcomeOf, promisesSettle } from '../../shared/testing/outcome.ts'
import { SimulatedDisk } from '../../shared/testing/simulated-disk.ts'

beforeEach(() => {
  holdBothClocks()
  // A life that was killed leaves its timers behind.
  onTestFinished(() => void vi.clearAllTimers())
})

const TURNS = 40

/** Lets `ms` of virtual time go by; the disk is in memory, and takes none. */
async function pass(ms: number, steps = 10): Promise<void> {
  for (let i = 0; i < steps; i++) {
    await vi.advanceTimersByTimeAsync(ms / steps)
    await promisesSettle()
  }
}

/** A downstream that takes its time for each, and does as it is told. */
class Downstream {
  tookMs: number
  /** Undefined for what it accepts. */
  fails: (item: Item<string>, attempt: number) => unknown
  /** What came, in order, with the key that it came under. */
  readonly came: string[] = []
  readonly keys: string[] = []
  readonly accepted: string[] = []
  /** At a time, at most: of all, and of those with the same payload or the same key. */
  most = 0
  mostOfOne = 0
  mostOfKey = 0
  readonly #here: Item<string>[] = []

  constructor(tookMs = 10, fails: Downstream['fails'] = () => undefined) {
    this.tookMs = tookMs
    this.fails = fails
  }

  deliver = async (item: Item<string>, signal: AbortSignal): Promise<void> => {
    this.came.push(item.payload)
    this.keys.push(item.key)
    this.#here.push(item)
    this.most = Math.max(this.most, this.#here.length)
    this.mostOfOne = Math.max(this.mostOfOne, this.#here.filter(({ payload }) => payload === item.payload).length)
    this.mostOfKey = Math.max(this.mostOfKey, this.#here.filter(({ key }) => key === item.key).length)
    try {
      // A fault is as of the moment in which it comes.
      const error = this.fails(item, this.came.filter((payload) => payload === item.payload).length)
      await sleep(this.tookMs, signal)
      if (error !== undefined) throw error
      this.accepted.push(item.payload)
    } finally {
      this.#here.splice(this.#here.indexOf(item), 1)
    }
  }
}

const down = new ResponseError('status 503', 503)
const refusal = new ResponseError('status 422: no such street', 422)

/** @throws AssertionError when it does not open */
async function open(
  disk: SimulatedDisk,
  downstream: Pick<Downstream, 'deliver'>,
  what = 'an empty disk',
  options: Partial<OutboxOptions<string>> = {},
): Promise<Outbox<string>> {
  const outcome = await outcomeOf(
    Outbox.open<string>(disk, { deliver: downstream.deliver, window: new CongestionWindow({ jitter: 0 }), ...options }),
    TURNS,
  )
  expect(outcome, `${what}: Outbox.open`).toMatchObject({ status: 'fulfilled' })
  return (outcome as { value: Outbox<string> }).value
}

async function put(outbox: Outbox<string>, payload: string, key?: string): Promise<void> {
  expect(await outcomeOf(outbox.put(payload, key), TURNS), `put('${payload}')`).toMatchObject({ status: 'fulfilled' })
}

/** Of a life that is over. */
async function end(outbox: Outbox<string>): Promise<void> {
  const drained = outcomeOf(outbox.drain(), TURNS)
  await pass(2000)
  expect(await drained, 'drain, with nothing left to do').toEqual({ status: 'fulfilled', value: 0 })
}

const letters = (count: number) => Array.from({ length: count }, (_, i) => `letter ${i}`)

describe('Step 4: At least once', () => {
  test('sends nothing before it is on disk', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream()
    const outbox = await open(disk, downstream)
    const synced = Promise.withResolvers<void>()
    disk.before = ({ kind }) => (kind === 'sync' ? synced.promise : undefined)
    const promise = outbox.put('a')
    await pass(3000)
    expect(downstream.came, 'what came while the sync was under way: a crash now, and nobody knows of it').toEqual([])
    expect(await outcomeOf(promise), 'put, meanwhile').toEqual({ status: 'pending' })
    synced.resolve()
    expect(await outcomeOf(promise, TURNS), 'put, when it is on disk').toMatchObject({ status: 'fulfilled' })
    await pass(3000)
    expect(downstream.accepted, 'and then').toEqual(['a'])
  })

  test('sends again what has failed, one attempt at a time, under the same key', async () => {
    const downstream = new Downstream(2500, (_, attempt) => (attempt < 4 ? down : undefined))
    const outbox = await open(new SimulatedDisk(), downstream)
    await put(outbox, 'a', 'order-1')
    await put(outbox, 'b')
    await pass(60_000, 100)
    expect(downstream.mostOfOne, 'of the same one, on their way at a time').toBe(1)
    expect(downstream.accepted.toSorted(), 'accepted, each at the fourth attempt').toEqual(['a', 'b'])
    expect(downstream.came.length, 'attempts, of two that need four each').toBe(8)
    const keysOf = (payload: string) => downstream.keys.filter((_, i) => downstream.came[i] === payload)
    expect([...new Set(keysOf('a'))], 'keys of what was put under one').toEqual(['order-1'])
    expect(new Set(keysOf('b')).size, 'keys of what was put under none: one, for all attempts').toBe(1)
    const turns = new Downstream(10, (_, attempt) => (attempt === 1 ? down : undefined))
    const line = await open(new SimulatedDisk(), turns)
    await Promise.all(letters(3).map((letter) => put(line, letter)))
    await pass(10_000, 100)
    expect(turns.came, 'three, each of which fails once: who has failed goes to the end of the line').toEqual([
      ...letters(3),
      ...letters(3),
    ])
    let attempts = 0
    const odd = {
      deliver(): Promise<void> {
        if (++attempts === 1) throw new Error('at once, and not by its promise')
        return attempts === 2 ? Promise.reject(undefined) : Promise.resolve()
      },
    }
    const other = await open(new SimulatedDisk(), odd)
    await put(other, 'c')
    await pass(10_000)
    expect(
      [attempts, other.stats.pending],
      'attempts, and still owed: the first throws, the second rejects with undefined, and neither has arrived',
    ).toEqual([3, 0])
  })

  test('sends it in the next life, under the same key, the oldest first', async () => {
    const disk = new SimulatedDisk()
    const dead = new Downstream(10, () => down)
    const outbox = await open(disk, dead)
    for (const letter of letters(5)) await put(outbox, letter)
    await pass(3000)
    expect(dead.came.length, 'attempts in the first life').toBeGreaterThan(0)
    const next = new Downstream()
    await open(disk.unplug(), next, 'after the plug was pulled')
    await pass(5000)
    expect(next.came, 'what comes in the next life').toEqual(letters(5))
    expect(next.keys[0], 'its key, in both lives').toBe(dead.keys[0])
    expect(new Set(next.keys).size, 'keys, of five').toBe(5)
  })

  test('sends nothing twice after an orderly end', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream(10, ({ payload }) => (payload === 'letter 2' ? down : undefined))
    const outbox = await open(disk, downstream)
    for (const letter of letters(5)) await put(outbox, letter)
    await pass(5000)
    expect(downstream.accepted, 'accepted, of five').toEqual(letters(5).filter((letter) => letter !== 'letter 2'))
    await outcomeOf(outbox.drain(AbortSignal.abort(new Error('time is up'))), TURNS)
    const next = new Downstream()
    await open(disk.unplug(), next, 'after an orderly end')
    await pass(5000)
    expect(next.came, 'what comes in the next life, of five of which four were delivered').toEqual(['letter 2'])
  })

  test('sends nothing that is on no disk when a log is corrupt', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream(10, () => down)
    const outbox = await open(disk, downstream)
    for (const letter of letters(3)) await put(outbox, letter)
    const name = disk.names.at(-1)!
    const rotten = disk.unplug()
    rotten.bytesOf(name)[20]! ^= 1
    const next = new Downstream()
    const outcome = await outcomeOf(Outbox.open(rotten, { deliver: next.deliver as never }), TURNS)
    expect(outcome, 'a bit of the first has flipped').toMatchObject({
      status: 'rejected',
      reason: expect.any(LogCorruptError),
    })
    await pass(5000)
    expect(next.came, 'what came').toEqual([])
  })

  for (const [name, after] of [
    ['killed', (disk: SimulatedDisk) => disk.kill()],
    ['unplugged', (disk: SimulatedDisk, seed: number) => disk.cut(seededRandom(seed))],
  ] as const)
    test(`keeps what it has promised, wherever it is ${name}`, async () => {
      for (let last = 1; last < 24; last++) {
        const disk = new SimulatedDisk()
        const first = new Downstream()
        const outbox = await open(disk, first)
        let left: SimulatedDisk | undefined
        let seen: string[] = []
        const from = disk.asked.length
        disk.before = () => {
          if (disk.asked.length - from !== last) return
          left = after(disk, last)
          seen = [...first.accepted]
        }
        const promised: string[] = []
        for (const letter of letters(4)) {
          outbox.put(letter).then(
            () => left || promised.push(letter),
            () => {},
          )
          await pass(20, 2)
        }
        if (!left) {
          left = after(disk, last)
          seen = first.accepted
        }
        const what = `${name} at operation ${last}, when ${promised.length} of four had been promised`
        const second = new Downstream()
        await open(left, second, what)
        await pass(3000)
        const lost = promised.filter((letter) => ![...seen, ...second.accepted].includes(letter))
        expect(lost, `${what}: promised, and delivered in neither life`).toEqual([])
      }
    })
})

describe('Step 5: A window like TCP’s', () => {
  test('asks a downstream that is dead a dozen times in half a minute, and then loses no time', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream(20, () => new Error('read ECONNRESET'))
    const outbox = await open(disk, downstream)
    await Promise.all(letters(300).map((letter) => put(outbox, letter)))
    await pass(3_000, 30)
    expect(downstream.came.length, 'attempts in the first 3 s of an outage, with 300 that wait').toBeLessThan(9)
    await pass(27_000, 270)
    expect(downstream.came.length, 'attempts in an outage of 30 s, with 300 that wait').toBeLessThan(16)
    expect(downstream.came.length, 'attempts in an outage of 30 s: somebody has to find out').toBeGreaterThan(5)
    downstream.fails = () => undefined
    await pass(12_000, 1200)
    expect(downstream.accepted.length, 'delivered, 12 s after it is over').toBe(300)
    expect(downstream.most, 'on their way at a time').toBeLessThanOrEqual(32)
    expect(downstream.most, 'on their way at a time: one after the other it would take all day').toBeGreaterThan(8)
  })
})

describe('Step 9: In order, each for itself', () => {
  test('sends what has one key in order, one at a time, and the others beside it', async () => {
    const downstream = new Downstream(100, (_, attempt) => (attempt === 1 ? down : undefined))
    const window = new CongestionWindow({ jitter: 0 })
    const outbox = await open(new SimulatedDisk(), downstream, 'an empty disk', { window })
    // Whoever keeps them in an object has something there already.
    const keys = ['red', 'constructor', '__proto__']
    await Promise.all(letters(12).map((letter, i) => put(outbox, letter, keys[i % 3])))
    await pass(60_000, 600)
    expect(downstream.mostOfKey, 'of one key, on their way at a time').toBe(1)
    expect(downstream.most, 'on their way at a time, of three keys').toBeGreaterThan(1)
    expect(downstream.accepted.length, 'accepted').toBe(12)
    for (const [i, key] of keys.entries())
      expect(
        downstream.accepted.filter((letter) => letters(12).indexOf(letter) % 3 === i),
        `of ${key}, in which order, although each fails once`,
      ).toEqual(letters(12).filter((_, at) => at % 3 === i))
  })

  test('begins with a successor when the one before is struck off on disk', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream()
    const outbox = await open(disk, downstream)
    await Promise.all([put(outbox, 'first', 'key'), put(outbox, 'second', 'key'), put(outbox, 'beside')])
    const gate = Promise.withResolvers<void>()
    disk.before = ({ kind }) => (kind === 'sync' ? gate.promise : undefined)
    await pass(3000)
    expect(
      downstream.came,
      'what came before it is on disk that the first is done: a crash now, and it comes once more, after the second; who has another key does not wait for that',
    ).toEqual(['first', 'beside'])
    gate.resolve()
    await pass(3000)
    expect(downstream.came).toEqual(['first', 'beside', 'second'])
    await Promise.all([put(outbox, 'third', 'key'), put(outbox, 'fourth', 'key')])
    disk.before = ({ kind }) => {
      if (kind === 'write') throw new Error('ENOSPC')
    }
    await pass(3000)
    expect(downstream.came.slice(3), 'what came while the disk is full, so that nothing can be struck off').toEqual([
      'third',
    ])
    disk.before = () => {}
    downstream.tookMs = 5000
    await put(outbox, 'somebody else')
    await pass(3000)
    expect(
      downstream.came.slice(3).toSorted(),
      'what came when it takes something again, and nobody has arrived since: the third is struck off then, and the fourth not left behind for ever',
    ).toEqual(['fourth', 'somebody else', 'third'])
    await pass(3000)
    await end(outbox)
    const line = new Downstream()
    const window = new CongestionWindow({ max: 1 })
    const single = await open(new SimulatedDisk(), line, 'an empty disk', { window })
    await Promise.all(letters(5).map((letter, i) => put(single, letter, i < 2 ? 'key' : letter)))
    await pass(3000)
    expect([line.most, line.accepted.length], 'at a time (step 5 first: max: 1), and accepted').toEqual([1, 5])
    expect(
      line.came.indexOf('letter 1'),
      `the place of letter 1, the successor of letter 0, among ${line.came.join(', ')}: it came before the last two, and goes before them`,
    ).toBeLessThan(3)
  })

  test('has nobody wait behind one who always fails', async () => {
    const downstream = new Downstream(10, ({ payload }) => (payload === 'letter 0' ? new Error('reset') : undefined))
    const outbox = await open(new SimulatedDisk(), downstream, 'an empty disk', { maxStrikes: 1000 })
    await Promise.all(letters(10).map((letter) => put(outbox, letter)))
    await pass(30_000, 300)
    expect(downstream.accepted, 'delivered, of ten, of which the first always fails').toEqual(letters(10).slice(1))
    expect(outbox.stats.pending, 'still owed').toBe(1)
    const attempts = downstream.came.filter((payload) => payload === 'letter 0').length
    expect(attempts, 'attempts at that one in 30 s: when nothing else goes, the pauses grow').toBeLessThan(20)
  })
})

describe('Step 10: Dead letters', () => {
  test('buries what is refused, with the reason, and never sends it again', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream(10, ({ payload }) => (payload === 'bad' ? refusal : undefined))
    const outbox = await open(disk, downstream)
    for (const [payload, key] of [
      ['good', 'k1'],
      ['bad', 'k2'],
      ['its successor', 'k2'],
    ] as const)
      await put(outbox, payload, key)
    await pass(5000)
    const letter = { key: 'k2', payload: 'bad', reason: refusal.message }
    expect(outbox.deadLetters, 'dead letters').toEqual([letter])
    expect(outbox.stats, 'and what is counted').toMatchObject({ pending: 0, dead: 1, delivered: 2, failed: 1 })
    expect(downstream.came, 'what came, and no more of it than once').toEqual(['good', 'bad', 'its successor'])
    expect(outbox.stats.bytes, 'stats.bytes, of both logs').toBe(
      disk.names.reduce((sum, name) => sum + disk.bytesOf(name).length, 0),
    )
    const next = new Downstream()
    const second = await open(disk.unplug(), next, 'the next life')
    await pass(5000)
    expect(next.came, 'what comes in the next life').toEqual([])
    expect(second.deadLetters, 'dead letters in the next life').toEqual([letter])
    const odd = await open(new SimulatedDisk(), { deliver: () => Promise.reject(undefined) }, 'an empty disk', {
      verdictOf: () => ({ signal: 'none', refused: true, retryAfterMs: 60_000 }),
    })
    await put(odd, 'a')
    await pass(1000)
    expect(vi.getTimerCount(), 'timers, when all pause for a minute, and nobody is in the line').toBe(0)
    expect(odd.deadLetters, 'refused with undefined, which has no message').toEqual([
      { key: expect.any(String), payload: 'a', reason: expect.any(String) },
    ])
  })

  test('does not open when the log of the dead is corrupt', async () => {
    const disk = new SimulatedDisk()
    const outbox = await open(disk, new Downstream(10, () => refusal))
    for (const letter of letters(2)) await put(outbox, letter)
    await pass(3000)
    expect(outbox.deadLetters.length, 'dead letters').toBe(2)
    const rotten = disk.unplug()
    rotten.bytesOf(rotten.names.find((name) => name.startsWith('dead-'))!)[20]! ^= 1
    expect(
      await outcomeOf(Outbox.open(rotten, { deliver: async () => {} }), TURNS),
      'a bit of the first that is dead has flipped: who does not know who is dead sends them again',
    ).toMatchObject({ status: 'rejected', reason: expect.any(LogCorruptError) })
  })

  test('buries who fails ten times while others get through, and nobody in an outage', async () => {
    const disk = new SimulatedDisk()
    const poison = 'letter 3'
    const downstream = new Downstream(10, () => down)
    const outbox = await open(disk, downstream)
    for (const letter of letters(4)) await put(outbox, letter)
    await pass(10_000, 100)
    expect(downstream.came.length, 'attempts in the first ten seconds: the pauses grow').toBeLessThan(20)
    await pass(3_600_000, 3600)
    expect(downstream.came.length, 'attempts in an hour in which everybody fails').toBeGreaterThan(40)
    expect(outbox.deadLetters, 'dead letters after that hour: it was about none of them').toEqual([])
    downstream.fails = ({ payload }) => (payload === poison ? down : undefined)
    for (let i = 0; i < 30 && outbox.deadLetters.length === 0; i++) {
      await put(outbox, `other ${i}`)
      await pass(6000)
    }
    expect(outbox.deadLetters, 'of the others all got through; that one failed each time').toEqual([
      { key: expect.any(String), payload: poison, reason: down.message },
    ])
    const failures = downstream.came.filter((payload) => payload === poison).length
    expect(failures, 'its attempts: ten that count, and those of the outage').toBeGreaterThanOrEqual(10)
    expect(downstream.accepted.filter((payload) => /letter/.test(payload)).length, 'the other three').toBe(3)
  })

  test('counts ten failures, with a success of somebody else’s between each', async () => {
    const window = new CongestionWindow({ jitter: 0 })
    const downstream = new Downstream(10, ({ payload }) => (payload === 'poison' ? down : undefined))
    const outbox = await open(new SimulatedDisk(), downstream, 'an empty disk', { window, maxStrikes: 3 })
    await put(outbox, 'the first of all')
    await pass(1000)
    await put(outbox, 'poison')
    await pass(60_000, 60)
    expect(downstream.came.length, 'attempts, alone').toBeGreaterThan(5)
    expect(outbox.deadLetters, 'dead letters, when nobody else is there').toEqual([])
    for (const [i, dead] of [0, 1].entries()) {
      await put(outbox, `other ${i}`)
      await pass(11_000, 20)
      expect(outbox.deadLetters.length, `dead letters after ${i + 1} others, with maxStrikes: 3`).toBe(dead)
    }
  })

  test('sends nothing again in this life that it could not bury', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream(10, ({ payload }) => (payload === 'bad' ? refusal : undefined))
    const outbox = await open(disk, downstream)
    await put(outbox, 'bad', 'k')
    disk.before = ({ kind, name }) => {
      if (kind === 'open' && name.startsWith('dead-')) throw new Error('ENOSPC')
    }
    await put(outbox, 'good')
    await put(outbox, 'its successor', 'k')
    await pass(10_000)
    expect(downstream.came.toSorted(), 'what came, when the log of the dead cannot be written').toEqual([
      'bad',
      'good',
      'its successor',
    ])
    expect(outbox.stats, 'it is owed, and not dead').toMatchObject({ pending: 1, dead: 0 })
    const next = new Downstream(10, () => refusal)
    const second = await open(disk.unplug(), next, 'the next life')
    await pass(5000)
    expect(next.came, 'the next life may try').toEqual(['bad'])
    expect(second.deadLetters.length, 'and bury it').toBe(1)
    const rotten = new SimulatedDisk()
    const third = await open(rotten, downstream)
    rotten.before = ({ kind, name }) => {
      if (kind === 'sync' && name.startsWith('dead-')) throw new Error('EIO')
    }
    await put(third, 'bad')
    await pass(1000)
    expect(third.stats.broken, 'stats.broken, when the log of the dead is').toBeInstanceOf(LogBrokenError)
  })

  test('buries nothing twice, wherever it is killed', async () => {
    for (let last = 1; last < 16; last++) {
      const disk = new SimulatedDisk()
      const outbox = await open(disk, new Downstream(10, () => refusal))
      await put(outbox, 'bad')
      const from = disk.asked.length
      let left: SimulatedDisk | undefined
      disk.before = () => {
        if (disk.asked.length - from === last) left = disk.unplug()
      }
      await pass(2000)
      const isOver = left === undefined
      const what = `killed at operation ${last} of burying it`
      const next = new Downstream(10, () => refusal)
      left ??= disk.unplug()
      const second = await open(left, next, what)
      const known = second.deadLetters.length
      await pass(2000)
      expect(next.came.length + known, `${what}: in the next life it is dead, or is sent, and not both`).toBe(1)
      expect(second.deadLetters.length, `${what}: dead letters`).toBe(1)
      next.fails = () => undefined
      expect(await outcomeOf(second.revive(), TURNS), `${what}: revive`).toMatchObject({ status: 'fulfilled' })
      await pass(1000)
      await end(second)
      expect(next.accepted, `${what}, and revived`).toEqual(['bad'])
      const third = new Downstream()
      await end(await open(left.unplug(), third, `${what}, and revived`))
      expect(third.came, `${what}, and revived: what comes in the life after that`).toEqual([])
      if (isOver) break
    }
  })

  test('owes them again when somebody has mended it', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream(10, () => refusal)
    const outbox = await open(disk, downstream)
    for (const letter of letters(3)) await put(outbox, letter, letter)
    await pass(3000)
    expect(outbox.deadLetters.length, 'dead letters').toBe(3)
    downstream.fails = ({ payload }) => (payload === 'letter 1' ? refusal : undefined)
    expect(await outcomeOf(outbox.revive(), TURNS), 'revive').toMatchObject({ status: 'fulfilled' })
    await pass(3000)
    expect(downstream.accepted, 'accepted, after that').toEqual(['letter 0', 'letter 2'])
    expect(downstream.keys.slice(3), 'under the keys of before').toEqual(letters(3))
    expect(outbox.deadLetters, 'dead letters').toEqual([
      { key: 'letter 1', payload: 'letter 1', reason: refusal.message },
    ])
    const next = new Downstream()
    const second = await open(disk.unplug(), next, 'the next life')
    await pass(3000)
    expect([next.came.length, second.deadLetters.length], 'sent, and dead, in the next life').toEqual([0, 1])
    const both = Promise.all([second.revive(), second.revive()])
    expect(await outcomeOf(both, TURNS), 'revive, twice at once').toMatchObject({ status: 'fulfilled' })
    await pass(3000)
    expect(next.came, 'what comes, when it is revived twice at once').toEqual(['letter 1'])
    next.fails = () => refusal
    await put(second, 'letter 9')
    await pass(1000)
    next.fails = () => undefined
    expect(await outcomeOf(second.revive(), TURNS), 'revive, another time').toMatchObject({ status: 'fulfilled' })
    await pass(1000)
    expect(next.accepted, 'accepted, of two that died at different times').toEqual(['letter 1', 'letter 9'])
  })

  test('loses nobody who is revived, wherever it is killed', async () => {
    const before = new SimulatedDisk()
    const first = await open(before, new Downstream(10, () => refusal))
    for (const letter of letters(2)) await put(first, letter)
    await pass(3000)
    expect(first.deadLetters.length, 'dead letters').toBe(2)
    const small = await open(before.copy(), new Downstream(10, () => down), 'the next life', { capacity: 1 })
    expect(await outcomeOf(small.revive(), TURNS), 'revive, of two, with capacity: 1').toMatchObject({
      status: 'rejected',
      reason: expect.any(OutboxFullError),
    })
    expect(
      small.deadLetters.map(({ payload }) => payload),
      'and still dead',
    ).toEqual(['letter 1'])
    for (let last = 1; last < 16; last++) {
      const disk = before.copy()
      const second = await open(disk, new Downstream(10, () => down), 'the next life')
      const from = disk.asked.length
      let left: SimulatedDisk | undefined
      disk.before = () => {
        if (disk.asked.length - from === last) left = disk.unplug()
      }
      void outcomeOf(second.revive(), TURNS)
      await pass(50)
      const third = new Downstream()
      const what = `the plug was pulled at operation ${last} of reviving two`
      const { deadLetters } = await open(left ?? disk.unplug(), third, what)
      await pass(3000)
      const known = [...deadLetters.map(({ payload }) => payload), ...third.accepted]
      expect([...new Set(known)].toSorted(), `${what}: dead, or delivered, in the next life`).toEqual(letters(2))
    }
  })
})

describe('Step 11: Full, empty, over', () => {
  const full = { status: 'rejected', reason: expect.any(OutboxFullError) }

  test('refuses what is too much, before it writes', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream(10, () => down)
    const outbox = await open(disk, downstream, 'an empty disk', { capacity: 3 })
    const gate = Promise.withResolvers<void>()
    disk.before = ({ kind }) => (kind === 'sync' ? gate.promise : undefined)
    const all = letters(5).map((letter) => outcomeOf(outbox.put(letter), TURNS))
    const early = await Promise.all(all.slice(3))
    expect(early, 'the fourth and the fifth, while three are being written, with capacity: 3').toMatchObject([
      full,
      full,
    ])
    gate.resolve()
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ])
    downstream.fails = () => undefined
    await pass(5000)
    await put(outbox, 'when there is room')
    await pass(1000)
    expect(downstream.accepted.toSorted(), 'accepted').toEqual([...letters(3), 'when there is room'].toSorted())
  })

  test('frees the place of what the disk has refused', async () => {
    const disk = new SimulatedDisk()
    const outbox = await open(disk, new Downstream(), 'an empty disk', { capacity: 2 })
    disk.before = ({ kind }) => {
      if (kind === 'write') throw new Error('ENOSPC')
    }
    for (let i = 0; i < 5; i++)
      expect(await outcomeOf(outbox.put('too much'), TURNS), `put ${i + 1} on a full disk`).toMatchObject({
        status: 'rejected',
        reason: expect.any(LogWriteError),
      })
    disk.before = () => {}
    await put(outbox, 'when there is room')
    disk.before = ({ kind }) => {
      if (kind === 'sync') throw new Error('EIO')
    }
    expect(await outcomeOf(outbox.put('b'), TURNS), 'a sync that fails').toMatchObject({
      reason: expect.any(LogBrokenError),
    })
    disk.before = () => {}
    expect(outbox.stats.broken, 'stats.broken').toBeInstanceOf(LogBrokenError)
  })

  test('delivers each as it was when it was put', async () => {
    const came: unknown[] = []
    const outcome = await outcomeOf(
      Outbox.open<{ grams: number }>(new SimulatedDisk(), { deliver: async ({ payload }) => void came.push(payload) }),
      TURNS,
    )
    const { value: outbox } = outcome as { value: Outbox<{ grams: number }> }
    const order = { grams: 1200 }
    const promise = outbox.put(order)
    order.grams = 1300
    await outcomeOf(promise, TURNS)
    order.grams = 0
    await pass(2000)
    expect(came, 'put with 1200 g, and changed since').toEqual([{ grams: 1200 }])
    const seen: unknown[] = []
    const second = await outcomeOf(
      Outbox.open<{ from: string[]; at: Date }>(new SimulatedDisk(), {
        async deliver({ payload }) {
          seen.push(structuredClone(payload))
          payload.from.pop()
          if (seen.length === 1) throw down
        },
      }),
      TURNS,
    )
    const { value: other } = second as { value: Outbox<{ from: string[]; at: Date }> }
    await outcomeOf(other.put({ from: ['Oslo'], at: new Date(0) }), TURNS)
    await pass(2000)
    const asJson = { from: ['Oslo'], at: '1970-01-01T00:00:00.000Z' }
    expect(
      seen,
      'what deliver gets, at both attempts: what the first has changed is its own; and a date is what the next life would have',
    ).toEqual([asJson, asJson])
  })

  // Files are full at 8 MiB; a slow machine takes seconds for that many bytes.
  test('deletes what is no longer owed, and nothing else', { timeout: 60_000 }, async () => {
    const MEGABYTES = 1_000_000
    const disk = new SimulatedDisk()
    const large = (letter: string) => letter.padEnd(0.9 * MEGABYTES)
    const isStuck = ({ payload }: Item<string>) => payload === 'stuck'
    const downstream = new Downstream(10, (item) => (isStuck(item) ? down : undefined))
    const outbox = await open(disk, downstream, 'an empty disk', { maxStrikes: 1000 })
    await put(outbox, 'stuck', 'key')
    expect(disk.count('sync'), 'syncs, of what was put').toBeGreaterThan(0)
    await Promise.all(letters(12).map((letter) => put(outbox, large(letter))))
    await put(outbox, 'its successor', 'key')
    await pass(10_000)
    expect(outbox.stats, 'of 14, of which the first always fails').toMatchObject({ pending: 2, delivered: 12 })
    const next = new Downstream()
    await open(disk.copy(), next, 'the next life')
    await pass(1000)
    expect(next.came, 'what comes in the next life: the oldest is still owed, whoever came after it is done').toEqual([
      'stuck',
      'its successor',
    ])
    disk.before = ({ kind }) => {
      if (kind === 'remove') throw new Error('EBUSY')
    }
    downstream.fails = ({ payload }) => (/letter/.test(payload) ? down : undefined)
    await pass(10_000)
    expect(
      downstream.accepted.slice(12),
      'what arrives, when it is not stuck any more: that a file cannot be deleted (EBUSY) holds up nobody',
    ).toEqual(['stuck', 'its successor'])
    let isHeld = true
    const gate = Promise.withResolvers<void>()
    disk.before = ({ kind }) => (kind === 'remove' && isHeld ? gate.promise : undefined)
    const before = disk.count('remove')
    await put(outbox, 'one more')
    await pass(1000)
    expect(disk.count('remove') - before, 'files that are being deleted, when the next one has arrived').toBe(1)
    await Promise.all(letters(10).map((letter) => put(outbox, large(letter))))
    isHeld = false
    gate.resolve()
    await pass(1000)
    expect(
      outbox.stats.bytes,
      'bytes on disk, with 9 MB owed, of 20 MB that were put: nobody needs the first file',
    ).toBeLessThan(13 * MEGABYTES)
    const last = new Downstream()
    await open(disk.unplug(), last, 'the next life')
    await pass(5000)
    expect(
      last.came.map((payload) => payload.trimEnd()),
      'what comes in the next life: they were put while files were being deleted',
    ).toEqual(letters(10))
    const graves = new SimulatedDisk()
    const refused = await open(graves, new Downstream(10, () => refusal))
    await Promise.all(letters(12).map((letter) => put(refused, large(letter))))
    await pass(2000)
    expect(refused.deadLetters.length, 'dead letters').toBe(12)
    const some = graves.copy()
    const small = await open(some, new Downstream(10, () => down), 'the next life', { capacity: 1 })
    expect(await outcomeOf(small.revive(), TURNS), 'revive, of twelve, with capacity: 1').toMatchObject(full)
    expect(
      (await open(some.unplug(), new Downstream(), 'the life after that')).deadLetters.length,
      'dead letters of twelve, of which one was revived: their file is still needed',
    ).toBe(11)
    expect(await outcomeOf(refused.revive(), TURNS), 'revive, of all').toMatchObject({ status: 'fulfilled' })
    expect(
      graves.names.filter((name) => name.startsWith('dead-')).length,
      'files of the dead, when all are revived: the last one',
    ).toBe(1)
  })

  test('drains until it is empty, and takes nothing more', { timeout: 20_000 }, async () => {
    const downstream = new Downstream(100)
    const disk = new SimulatedDisk()
    const outbox = await open(disk, downstream)
    await Promise.all(letters(19).map((letter) => put(outbox, letter)))
    const last = outcomeOf(outbox.put('letter 19'), TURNS)
    const { signal } = new AbortController()
    const drained = outbox.drain(signal)
    expect(outbox.drain(), 'asked again, the same promise').toBe(drained)
    expect(await outcomeOf(outbox.put('late'), TURNS), 'put, when it drains').toMatchObject({
      status: 'rejected',
      reason: expect.any(ClosedError),
    })
    expect(await outcomeOf(drained, 3), 'while there is something left').toEqual({ status: 'pending' })
    await pass(5000, 50)
    expect(await outcomeOf(drained, TURNS), 'and when there is not').toEqual({ status: 'fulfilled', value: 0 })
    expect(await last, 'the last put, which was being written').toMatchObject({ status: 'fulfilled' })
    expect(downstream.accepted.length, 'accepted').toBe(20)
    expect(disk.count('open') - disk.count('close'), 'files left open').toBe(0)
    expect(vi.getTimerCount(), 'timers left behind').toBe(0)
    expect(getEventListeners(signal, 'abort'), 'listeners left on its signal').toHaveLength(0)
    const other = new Downstream()
    const single = await open(new SimulatedDisk(), other)
    const only = outcomeOf(single.put('the only one'), TURNS)
    const empty = outcomeOf(single.drain(), TURNS)
    await pass(1000)
    expect([await only, await empty], 'put, and drain while that is being written').toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled', value: 0 },
    ])
    expect(other.accepted, 'accepted, of what was being written when it began to drain').toEqual(['the only one'])
    for (const [what, error] of [
      ['done', undefined],
      ['dead', refusal],
    ] as const) {
      const slow = new SimulatedDisk()
      const third = await open(slow, new Downstream(10, () => error))
      await put(third, 'a', 'key')
      await put(third, 'its successor', 'key')
      const gate = Promise.withResolvers<void>()
      slow.before = ({ kind }) => (kind === 'sync' ? gate.promise : undefined)
      await pass(1000)
      const ending = outcomeOf(third.drain(), TURNS * 4)
      expect(await outcomeOf(ending, 5), `drain, while it is being written that it is ${what}`).toEqual({
        status: 'pending',
      })
      gate.resolve()
      await pass(1000)
      expect(await ending, 'and when that is on disk: its successor, too, was owed').toEqual({
        status: 'fulfilled',
        value: 0,
      })
      const next = new Downstream()
      const fourth = await open(slow.unplug(), next, 'the next life')
      await pass(1000)
      expect([next.came.length, fourth.stats.dead], `sent, and dead, in the next life of what was ${what}`).toEqual([
        0,
        error ? 2 : 0,
      ])
    }
  })

  test('says what is left when the time is up, and the next life has it', async () => {
    const disk = new SimulatedDisk()
    const deaf = { deliver: () => new Promise<void>(() => {}) }
    const window = new CongestionWindow({ jitter: 0 })
    const outbox = await open(disk, deaf, 'an empty disk', { window })
    for (const letter of letters(3)) await put(outbox, letter)
    expect(vi.getTimerCount(), 'timers: of the attempt, and none for those who wait for nothing but it').toBeLessThan(2)
    const time = new AbortController()
    const drained = outbox.drain(time.signal)
    await pass(2000)
    expect(await outcomeOf(drained, 3), 'drain, at a downstream that says nothing').toEqual({ status: 'pending' })
    time.abort(new Error('time is up'))
    expect(await outcomeOf(drained, TURNS), 'owed, when the time is up; the attempt is deaf to its signal').toEqual({
      status: 'fulfilled',
      value: 3,
    })
    expect(vi.getTimerCount(), 'timers left behind').toBe(0)
    expect(getEventListeners(time.signal, 'abort'), 'listeners left on its signal').toHaveLength(0)
    await promisesSettle()
    expect(
      [outbox.stats.failed, window.inFlight, window.pauseMs],
      'failures, those on their way, and the pause: whoever was told to stop has not failed, and nobody has said anything',
    ).toEqual([0, 0, 0])
    const next = new Downstream()
    await open(disk.unplug(), next, 'the next life')
    await pass(3000)
    expect(next.accepted, 'accepted in the next life').toEqual(letters(3))
  })

  test('stops at once when there is no time at all', async () => {
    const downstream = new Downstream(10, () => new Error('reset'))
    const outbox = await open(new SimulatedDisk(), downstream)
    await put(outbox, 'a')
    await pass(900)
    expect(downstream.came.length, 'attempts in the first 900 ms, with pauses of 100, 200 and 400 ms').toBeGreaterThan(
      2,
    )
    for (const letter of letters(3)) await put(outbox, letter)
    expect(
      await outcomeOf(outbox.drain(AbortSignal.abort(new Error('no time'))), TURNS),
      'drain, by a signal that has aborted before, in the middle of a pause: what is left',
    ).toEqual({ status: 'fulfilled', value: 4 })
    expect(vi.getTimerCount(), 'timers left behind').toBe(0)
  })

  test('ends attempts that take too long', async () => {
    const signals: AbortSignal[] = []
    const deaf = {
      deliver: (_: unknown, signal: AbortSignal) => {
        signals.push(signal)
        return new Promise<void>(() => {})
      },
    }
    const outbox = await open(new SimulatedDisk(), deaf, 'an empty disk', { attemptMs: 3000 })
    await put(outbox, 'a')
    await pass(2900)
    expect([signals.length, signals[0]?.aborted], 'attempts after 2.9 s with attemptMs: 3000, and its signal').toEqual([
      1,
      false,
    ])
    await pass(300)
    expect(signals[0]!.aborted, 'its signal, after 3.2 s').toBe(true)
    await pass(1000)
    expect(signals.length, 'attempts, a second later: it is deaf to its signal, and its place is needed').toBe(2)
    expect(outbox.stats, 'and what is counted').toMatchObject({ failed: 1, pending: 1, inFlight: 1 })
  })

  test('tells how old the oldest is, whatever the clock on the wall does', async () => {
    const disk = new SimulatedDisk()
    const outbox = await open(disk, new Downstream(10, () => down))
    expect(outbox.stats, 'of nothing').toMatchObject({ pending: 0, oldestMs: 0 })
    await put(outbox, 'a')
    await pass(60_000)
    await put(outbox, 'b')
    expect(outbox.stats, 'a minute after the first').toMatchObject({ pending: 2, oldestMs: 60_000 })
    const left = disk.unplug()
    vi.setSystemTime(Date.now() + 3_600_000)
    const second = await open(left, new Downstream(10, () => down), 'the next life')
    expect(second.stats.oldestMs, 'in the next life, an hour later').toBe(3_660_000)
    vi.setSystemTime(0)
    expect(second.stats.oldestMs, 'when somebody has set the clock back').toBe(0)
  })

  test('says what was cut off when it was opened', async () => {
    const disk = new SimulatedDisk()
    const outbox = await open(disk, new Downstream(10, () => down))
    await put(outbox, 'a')
    const name = disk.names.at(-1)!
    const left = disk.unplug()
    left.put(name, Buffer.concat([left.bytesOf(name), Buffer.from('half a li')]))
    expect((await open(left, new Downstream(), 'the next life')).torn, 'torn').toEqual({ file: name, bytes: 9 })
    const dead = new SimulatedDisk()
    await put(await open(dead, new Downstream(10, () => refusal)), 'a')
    await pass(1000)
    const grave = dead.names.find((each) => each.startsWith('dead-'))!
    expect(grave, 'the file of the dead').toBeDefined()
    const rest = dead.unplug()
    rest.put(grave, Buffer.concat([rest.bytesOf(grave), Buffer.from('half a li')]))
    expect((await open(rest, new Downstream(), 'the next life')).torn, 'torn, in the log of the dead').toEqual({
      file: grave,
      bytes: 9,
    })
  })
})

describe('Step 13: Nonsense', () => {
  test('refuses options of an outbox that are none', async () => {
    for (const [name, values] of [
      ['attemptMs', [0, -1, NaN, Infinity, 2 ** 31, '10']],
      ['capacity', [0, 1.5, NaN, Infinity, '10']],
      ['maxStrikes', [0, 1.5, NaN, Infinity]],
    ] as const)
      for (const value of values) {
        const opened = Outbox.open(new SimulatedDisk(), { deliver: async () => {}, [name]: value })
        expect(await outcomeOf(opened, TURNS), `${name}: ${String(value)} is a RangeError that names it`).toMatchObject(
          {
            status: 'rejected',
            reason: { name: 'RangeError', message: expect.stringContaining(name) },
          },
        )
      }
    for (const attemptMs of [0.5, 2 ** 31 - 1])
      expect(
        await outcomeOf(Outbox.open(new SimulatedDisk(), { deliver: async () => {}, attemptMs }), TURNS),
        `attemptMs: ${attemptMs}, which is none of them`,
      ).toMatchObject({ status: 'fulfilled' })
  })

  test('takes no payload that is no JSON', async () => {
    const disk = new SimulatedDisk()
    const downstream = new Downstream()
    const outbox = await open(disk, downstream)
    for (const payload of [undefined, 1n, () => {}])
      expect(await outcomeOf(outbox.put(payload as never), TURNS), `put of ${typeof payload}`).toMatchObject({
        status: 'rejected',
        reason: { name: 'TypeError' },
      })
    await put(outbox, 'a')
    await pass(1000)
    expect(downstream.accepted, 'and the next one').toEqual(['a'])
  })
})
