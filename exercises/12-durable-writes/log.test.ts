import { directory } from '#chapters/12-durable-writes/disk.ts'
import { toLine } from '#chapters/12-durable-writes/line.ts'
import { Log } from '#chapters/12-durable-writes/log.ts'
import type { LogOptions } from '#chapters/12-durable-writes/options.ts'
import { appendFileSync, fstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type FileHandle, open as openFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ClosedError, LogBrokenError, LogCorruptError, LogWriteError } from '../../shared/core/errors.ts'
import { seededRandom } from '../../shared/core/random.ts'
import { outcomeOf } from '../../shared/testing/outcome.ts'
import { SimulatedDisk } from '../../shared/testing/simulated-disk.ts'

// Whoever waits with a timer waits for ever: nobody turns this clock.
beforeEach(() => {
  vi.useFakeTimers()
})

const TURNS = 40

/** What is likely, where something is missing. */
const UNPLUGGED =
  'after the plug was pulled: what was not synced is gone, and so is a file whose directory was not (syncDirectory)'

/** @throws AssertionError when it does not open */
async function open<T = unknown>(disk: SimulatedDisk, what: string, options?: LogOptions): Promise<Log<T>> {
  const outcome = await outcomeOf(Log.open<T>(disk, options), TURNS)
  expect(outcome, `${what}: Log.open`).toMatchObject({ status: 'fulfilled' })
  return (outcome as { value: Log<T> }).value
}

/** What a next life finds on this disk. */
async function found(disk: SimulatedDisk, what: string, options?: LogOptions): Promise<unknown[]> {
  const { recovered } = await open(disk.copy(), what, options)
  return recovered.map(({ record }) => record)
}

/** Appends one after the other. @returns the length of the last file after each, and before the first */
async function fill(log: Log<unknown>, disk: SimulatedDisk, records: unknown[]): Promise<number[]> {
  const lengths = [0]
  for (const record of records) {
    const outcome = await outcomeOf(log.append(record), TURNS)
    expect(outcome, `append(${JSON.stringify(record)})`).toMatchObject({ status: 'fulfilled' })
    lengths.push(disk.bytesOf(disk.names.at(-1)!).length)
  }
  return lengths
}

/** A disk whose syncs, or other operations, wait until they are let go. */
function held(disk: SimulatedDisk, kind: string = 'sync') {
  const gates: PromiseWithResolvers<void>[] = []
  let isOpen = false
  disk.before = (operation) => {
    if (operation.kind !== kind || isOpen) return undefined
    const gate = Promise.withResolvers<void>()
    gates.push(gate)
    return gate.promise
  }
  return {
    gates,
    letGo() {
      isOpen = true
      for (const { resolve } of gates) resolve()
    },
  }
}

/** With this code, the next operations of these kinds fail. */
function failing(disk: SimulatedDisk, code: string, ...kinds: string[]): void {
  disk.before = ({ kind }) => {
    if (kinds.includes(kind)) throw Object.assign(new Error(`${code}: ${kind}`), { code })
  }
}

/** What is synced by this process, on real disks. */
async function watchSyncs(path: string) {
  const seen = { files: 0, directories: 0, most: 0, handles: new Set<FileHandle>() }
  const handle = await openFile(join(path, 'any'), 'w')
  const prototype: FileHandle = Object.getPrototypeOf(handle)
  await handle.close()
  let atATime = 0
  for (const name of ['sync', 'datasync'] as const) {
    const original = prototype[name]
    const spy = vi.spyOn(prototype, name).mockImplementation(async function (this: FileHandle) {
      seen[fstatSync(this.fd).isDirectory() ? 'directories' : 'files']++
      seen.handles.add(this)
      seen.most = Math.max(seen.most, ++atATime)
      await original.call(this)
      atATime--
    })
    onTestFinished(() => spy.mockRestore())
  }
  return seen
}

const words = (count: number) => Array.from({ length: count }, (_, i) => `word ${i}`)
const fulfilled = (value: unknown) => ({ status: 'fulfilled', value })
const rejected = (reason: unknown) => ({ status: 'rejected', reason })

describe('Step 1: On disk means on disk', () => {
  test('says that a record is there when it is on disk, and not before', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    const { gates, letGo } = held(disk)
    const appended = log.append('a')
    expect(
      await outcomeOf(appended, TURNS),
      'append, while the sync is under way: until then it is in memory, which does not outlive a plug',
    ).toEqual({ status: 'pending' })
    expect(gates.length, 'syncs under way').toBe(1)
    letGo()
    expect(await outcomeOf(appended, TURNS), 'and when it is over').toEqual(fulfilled(1))
    expect(await found(disk.unplug(), UNPLUGGED), UNPLUGGED).toEqual(['a'])
  })

  test('makes nobody wait for company', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    for (const [index, word] of words(3).entries()) {
      expect(
        await outcomeOf(log.append(word), TURNS),
        'append, alone, on a clock that stands still: a timer that waits for others never fires',
      ).toEqual(fulfilled(index + 1))
      expect(disk.count('sync') > 0, 'it was synced').toBe(true)
    }
    expect(await found(disk.unplug(), UNPLUGGED), UNPLUGGED).toEqual(words(3))
  })

  test('shares a sync among all who come at once', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    const before = disk.count('sync')
    const all = words(1000)
    const outcome = await outcomeOf(Promise.all(all.map((word) => log.append(word))), TURNS)
    const syncs = disk.count('sync') - before
    expect(syncs, 'syncs for a thousand at once: none is a promise that nobody keeps').toBeGreaterThan(0)
    expect(syncs, 'syncs for a thousand at once: at 0.2 ms each, a thousand are one fifth of a second').toBeLessThan(3)
    expect(outcome, 'their numbers, in the order in which they came').toEqual(fulfilled(all.map((_, i) => i + 1)))
    const left = await found(disk.unplug(), UNPLUGGED)
    expect(left.length, `records, ${UNPLUGGED}`).toBe(1000)
    expect(left, UNPLUGGED).toEqual(all)
  })

  test('has whoever comes during a sync share the next', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    const { gates, letGo } = held(disk)
    const first = log.append('first')
    expect(await outcomeOf(first, TURNS), 'append, while its sync is under way').toEqual({ status: 'pending' })
    const others = Promise.all(words(50).map((word) => log.append(word)))
    expect(
      await outcomeOf(others, TURNS),
      'those who came during the sync: what they have written, it may have missed',
    ).toEqual({ status: 'pending' })
    expect(gates.length, 'syncs under way: the next begins when this one is over').toBe(1)
    gates[0]!.resolve()
    expect(await outcomeOf(first, TURNS), 'when its sync is over').toEqual(fulfilled(1))
    expect(await outcomeOf(others, 3), 'the others, whose sync is not').toEqual({ status: 'pending' })
    letGo()
    expect(await outcomeOf(others, TURNS), 'their numbers').toEqual(fulfilled(words(50).map((_, i) => i + 2)))
    expect(disk.count('sync'), 'syncs for one and fifty').toBe(2)
  })

  test('refuses what is no JSON, and nobody else', async () => {
    const disk = new SimulatedDisk()
    const log = await open<unknown>(disk, 'an empty disk')
    const circle: Record<string, unknown> = {}
    circle.circle = circle
    const all = ['a', circle, 1n, undefined, () => {}, 'b'].map((record) => outcomeOf(log.append(record), TURNS))
    expect(
      (await Promise.all(all)).map(({ status }) => status),
      'a word, a circle, a BigInt, undefined, a function, another word',
    ).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected', 'rejected', 'fulfilled'])
    expect(await found(disk.unplug(), 'after that'), 'what is on disk').toEqual(['a', 'b'])
  })

  test('writes each record as it was when it came', async () => {
    const disk = new SimulatedDisk()
    const log = await open<object>(disk, 'an empty disk')
    const order = { grams: 1200 }
    const first = log.append(order)
    order.grams = 1300
    const second = log.append(order)
    order.grams = 0
    expect(await outcomeOf(Promise.all([first, second]), TURNS)).toEqual(fulfilled([1, 2]))
    expect(
      await found(disk.unplug(), 'after that'),
      'the same object, appended with 1200 and with 1300: it has changed since, and the log has what it was',
    ).toEqual([{ grams: 1200 }, { grams: 1300 }])
  })
})

describe('Step 2: A torn end', () => {
  test('opens at whichever byte the last file ends, and goes on', async () => {
    const disk = new SimulatedDisk()
    const all = ['a', { grams: 1200, to: 'Ōsaka' }, 'c']
    const lengths = await fill(await open(disk, 'an empty disk'), disk, all)
    const name = disk.names.at(-1)!
    for (let end = 0; end <= lengths.at(-1)!; end++) {
      const what = `a file of ${lengths.at(-1)} bytes that ends after ${end}`
      const cut = disk.copy()
      cut.put(name, disk.bytesOf(name).subarray(0, end))
      const log = await open(cut, what)
      const promised = lengths.findLastIndex((length) => length <= end)
      expect(
        log.recovered,
        `${what}: whole records, and none of them lost that was there (after each append it had ${lengths.slice(1)})`,
      ).toEqual(all.slice(0, promised).map((record, i) => ({ number: i + 1, record })))
      const isTorn = lengths[promised]! < end
      expect(log.torn, `${what}: torn`).toEqual(isTorn ? { file: name, bytes: end - lengths[promised]! } : undefined)
      expect(cut.bytesOf(name).length, `${what}: its length, when that is cut off`).toBe(lengths[promised])
      expect(await outcomeOf(log.append('more'), TURNS), `${what}: append`).toEqual(fulfilled(promised + 1))
      expect(await found(cut.unplug(), `${what}, and appended to`), `${what}: and then`).toEqual([
        ...all.slice(0, promised),
        'more',
      ])
    }
  })

  test('takes zeros for no records', async () => {
    for (const zeros of [1, 4, 8, 16, 64, 4096]) {
      const disk = new SimulatedDisk()
      await fill(await open(disk, 'an empty disk'), disk, ['a'])
      const what = `a record and ${zeros} zeros: the length was on disk, and the bytes were not`
      const name = disk.names.at(-1)!
      disk.put(name, Buffer.concat([disk.bytesOf(name), Buffer.alloc(zeros)]))
      const log = await open(disk, what)
      expect(
        log.recovered.map(({ record }) => record),
        what,
      ).toEqual(['a'])
      expect(log.torn, `${what}: torn`).toEqual({ file: name, bytes: zeros })
      expect(await outcomeOf(log.append('b'), TURNS), what).toEqual(fulfilled(2))
      expect(await found(disk.unplug(), what), what).toEqual(['a', 'b'])
    }
    const disk = new SimulatedDisk()
    const text = '[1] looks like the beginning of one'
    // With the checksum of what is there up to the line's end.
    const sum = crc32(`${text}"]`).toString(16).padStart(8, '0')
    const lengths = await fill(await open(disk, 'an empty disk'), disk, ['a', `${sum} ${text}`])
    const name = disk.names.at(-1)!
    disk.put(name, disk.bytesOf(name).fill(0, lengths[1], lengths[1]! + 10))
    const what = 'a record, and one of which the end is there, and the beginning is zeros'
    expect(await found(disk, what), `${what}: it was never promised, whatever its text looks like`).toEqual(['a'])
  })

  test('takes for torn what was written in whatever order', async () => {
    const before = new SimulatedDisk()
    await fill(await open<string>(before, 'an empty disk'), before, ['a', 'b'])
    for (let seed = 0; seed < 60; seed++) {
      const disk = before.copy()
      const log = await open<string>(disk, 'two records')
      held(disk)
      const promise = Promise.all(words(30).map((word) => log.append(word)))
      expect(await outcomeOf(promise, 3), 'thirty appends, while their sync is under way').toEqual({
        status: 'pending',
      })
      const what = `thirty were being written when the plug was pulled, of which the disk has some sectors (seed ${seed})`
      const left = await found(disk.cut(seededRandom(seed)), what)
      expect(left.slice(0, 2), `${what}: those before`).toEqual(['a', 'b'])
      expect([...words(30), ...left.slice(2)].slice(left.length - 2), what).toEqual(words(30))
    }
  })
})

describe('Step 3: When the disk says no', () => {
  test('finds any bit that has flipped before a good record, and changes nothing', async () => {
    const disk = new SimulatedDisk()
    const lengths = await fill(await open(disk, 'an empty disk'), disk, ['a', { b: [1] }, 'c'])
    const name = disk.names.at(-1)!
    const good = disk.bytesOf(name)
    for (let at = 0; at < lengths.at(-2)!; at++) {
      const flipped = Array.from(
        { length: 8 },
        (_, bit) => [good[at]! ^ (1 << bit), `bit ${bit} of byte ${at}`] as const,
      )
      const newline = [0x0a, `byte ${at}, to a newline,`] as const
      for (const [byte, which] of good[at] === 0x0a ? flipped : [...flipped, newline]) {
        const bytes = Buffer.from(good)
        bytes[at] = byte
        const rotten = disk.copy()
        rotten.put(name, bytes)
        const what = `${which} has flipped; the last record begins at ${lengths.at(-2)}, and is good`
        const outcome = await outcomeOf(Log.open(rotten), TURNS)
        expect(outcome, `${what}: what was there once is not to be skipped, nor cut off`).toMatchObject(
          rejected(expect.any(LogCorruptError)),
        )
        const { file, offset } = (outcome as { reason: LogCorruptError }).reason
        expect([file, offset], `${what}: the error names the file, and where the bad line begins`).toEqual([
          name,
          lengths.findLast((length) => length <= at),
        ])
        expect(rotten.bytesOf(name).equals(bytes), `${what}: the file is as it was, for whoever can mend it`).toBe(true)
      }
    }
  })

  test('tells all who wait when a sync has failed, and all who come later', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    await fill(log, disk, ['a'])
    const { gates } = held(disk)
    const written = outcomeOf(log.append('written'), TURNS)
    await outcomeOf(new Promise(() => {}), 3)
    const waiting = outcomeOf(log.append('waits'), TURNS)
    expect(gates.length, 'syncs under way').toBe(1)
    disk.before = () => {}
    const cause = new Error('EIO')
    gates[0]!.reject(cause)
    const broken = rejected(expect.any(LogBrokenError))
    expect(await written, 'its sync has failed: nobody knows what is on disk').toMatchObject(broken)
    expect(await written, 'with its cause').toMatchObject({ reason: { cause } })
    expect(await waiting, 'who waited for the next: there is none').toMatchObject(broken)
    expect(await outcomeOf(log.append('later'), TURNS), 'who comes later').toMatchObject(broken)
    expect(log.broken, 'log.broken').toBeInstanceOf(LogBrokenError)
  })

  test('asks a disk nothing more that has failed to sync', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk', { segmentBytes: 36 })
    await fill(log, disk, words(5))
    failing(disk, 'EIO', 'sync')
    expect(await outcomeOf(log.append('b'), TURNS), 'append, when the sync fails').toMatchObject({
      status: 'rejected',
    })
    disk.before = () => {}
    const before = disk.asked.length
    for (const word of words(3)) expect(await outcomeOf(log.append(word), TURNS)).toMatchObject({ status: 'rejected' })
    await outcomeOf(log.release(100), TURNS)
    expect(
      disk.asked.slice(before).map(({ kind }) => kind),
      'what the disk was asked after its sync had failed: the next one says that all is well, and it is not',
    ).toEqual([])
  })
})

describe('Step 6: Half a line, and a full disk', () => {
  test('goes on when a write was short', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    disk.before = (operation) => {
      if (operation.kind === 'write') operation.bytes = Math.min(7, operation.bytes!)
    }
    await fill(log, disk, words(3))
    const left = await found(disk.copy().unplug(), 'after that')
    expect(left, 'on a disk that takes seven bytes at a time').toEqual(words(3))
    let writes = 0
    disk.before = (operation) => {
      if (operation.kind !== 'write') return
      // Whoever asks a hundred times asks for ever.
      if (++writes > 100) throw new Error('asked a hundred times')
      operation.bytes = 0
    }
    expect(await outcomeOf(log.append('more'), TURNS), 'on a disk that takes none').toMatchObject(
      rejected(expect.any(LogWriteError)),
    )
    expect(writes, 'writes, when the first has taken nothing: it is as if it had thrown').toBe(1)
  })

  test('cuts off what a full disk has taken, and goes on when there is room', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    const lengths = await fill(log, disk, ['a', 'b'])
    let writes = 0
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    disk.before = (operation) => {
      if (operation.kind !== 'write') return
      if (++writes > 1) throw full
      operation.bytes = 15
    }
    const outcome = await outcomeOf(log.append('too much'), TURNS)
    expect(outcome, 'of this one, the disk takes 15 bytes, and is full').toMatchObject(
      rejected(expect.any(LogWriteError)),
    )
    expect(outcome, 'with its cause').toMatchObject({ reason: { cause: full } })
    expect(disk.bytesOf(disk.names.at(-1)!).length, 'the length of the file, as before').toBe(lengths.at(-1))
    expect(log.broken, 'full is not broken').toBeUndefined()
    disk.before = () => {}
    expect(await outcomeOf(log.append('c'), TURNS), 'somebody has made room').toEqual(fulfilled(3))
    expect(await found(disk.unplug(), 'after that'), 'what is on disk').toEqual(['a', 'b', 'c'])
  })

  test('fails only those whose line it was', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    const { promise: isFull, resolve: makeRoom } = Promise.withResolvers<void>()
    let writes = 0
    disk.before = async ({ kind }) => {
      if (kind !== 'write' || ++writes > 1) return
      await isFull
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    }
    const first = outcomeOf(log.append('first'), TURNS)
    await outcomeOf(new Promise(() => {}), 3)
    const next = outcomeOf(log.append('next'), TURNS)
    makeRoom()
    expect(await first, 'the disk was full').toMatchObject(rejected(expect.any(LogWriteError)))
    expect(await next, 'who waited for the next line, when it was not full any more').toEqual(fulfilled(1))
    expect(await outcomeOf(log.append('last'), TURNS), 'and who came then').toEqual(fulfilled(2))
    expect(await found(disk.unplug(), 'after that'), 'what is on disk').toEqual(['next', 'last'])
  })

  test('is broken when it cannot cut', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    await fill(log, disk, ['a'])
    failing(disk, 'EIO', 'write', 'truncate')
    const outcome = await outcomeOf(log.append('b'), TURNS)
    expect(outcome, 'neither written nor cut off: what comes after it would be lost').toMatchObject(
      rejected(expect.any(LogBrokenError)),
    )
  })
})

describe('Step 7: One file after the other', () => {
  const options = { segmentBytes: 100 }

  test('begins a file when the last is full, and tells its directory first', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk', options)
    await fill(log, disk, words(20))
    expect(disk.names.length, 'files, for 20 records of 10 bytes and more, at segmentBytes: 100').toBeGreaterThan(2)
    const lengths = disk.names.map((name) => disk.bytesOf(name).length)
    expect(Math.max(...lengths), 'bytes of the largest').toBeLessThanOrEqual(100)
    expect(log.bytes, 'log.bytes: of all').toBe(lengths.reduce((sum, length) => sum + length, 0))
    const large = 'x'.repeat(200)
    expect(await outcomeOf(log.append(large), TURNS), 'one that is larger has a file of its own').toEqual(fulfilled(21))
    await outcomeOf(log.close(), TURNS)
    expect(disk.count('open') - disk.count('close'), 'files left open, when it is closed').toBe(0)
    expect(
      await found(disk.unplug(), 'after the plug was pulled', options),
      'a file of which the directory on disk knows nothing is gone, with all that was promised',
    ).toEqual([...words(20), large])
    const whole = new SimulatedDisk()
    const [, , both = 0] = await fill(await open(whole, 'an empty disk'), whole, words(2))
    for (const [segmentBytes, files] of [
      [both, 1],
      [both - 1, 2],
    ] as const) {
      const exact = new SimulatedDisk()
      await fill(await open(exact, 'an empty disk', { segmentBytes }), exact, words(2))
      expect(exact.names.length, `files, for two lines of ${both} bytes, at segmentBytes: ${segmentBytes}`).toBe(files)
    }
  })

  test('goes on when there could be no further file', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk', options)
    await fill(log, disk, words(4))
    const large = 'x'.repeat(200)
    for (const kind of ['open', 'write'] as const) {
      failing(disk, 'ENOSPC', kind)
      const what = `a record that needs a file of its own, when ${kind} fails`
      const outcome = await outcomeOf(log.append(large), TURNS)
      expect(outcome, what).toMatchObject(rejected(expect.any(LogWriteError)))
      expect(outcome, `${what}, with its cause`).toMatchObject({ reason: { cause: { code: 'ENOSPC' } } })
      disk.before = () => {}
    }
    expect(await outcomeOf(log.append(large), TURNS), 'and when there is room').toEqual(fulfilled(5))
    expect(log.bytes, 'log.bytes: each file once').toBe(
      disk.names.reduce((sum, name) => sum + disk.bytesOf(name).length, 0),
    )
    await outcomeOf(log.release(5), TURNS)
    expect(
      (await found(disk.unplug(), 'after release(5)', options)).at(-1),
      'record 5, which release(5) is not about: the file that it is in was begun twice, and is one',
    ).toBe(large)
  })

  test('is broken when its directory cannot be synced', async () => {
    for (const [what, act] of [
      ['a file was begun', (log: Log<string>) => log.append('x'.repeat(200))],
      ['a file was deleted', (log: Log<string>) => log.release(1000)],
    ] as const) {
      const disk = new SimulatedDisk()
      const log = await open<string>(disk, 'an empty disk', options)
      await fill(log, disk, words(20))
      failing(disk, 'EIO', 'syncDirectory')
      await outcomeOf<unknown>(act(log), TURNS)
      disk.before = () => {}
      expect(log.broken, `${what}, and the sync of its directory has failed: log.broken`).toBeInstanceOf(LogBrokenError)
      expect(await outcomeOf(log.append('more'), TURNS), `${what}, and then: append`).toMatchObject(
        rejected(expect.any(LogBrokenError)),
      )
    }
  })

  test('opens a file of many small records', async () => {
    const disk = new SimulatedDisk()
    await fill(await open(disk, 'an empty disk'), disk, ['a'])
    const [name] = disk.names
    const line = toLine(Array.from({ length: 50_000 }, (_, i) => String(i)))
    disk.put(name!, Buffer.concat([disk.bytesOf(name!), line, line, line, line]))
    const what =
      'a file of a megabyte, with 200,001 records; push(...records) takes as many arguments as the stack has room for'
    expect((await found(disk.unplug(), what)).length, `records in ${what}`).toBe(200_001)
  })

  test('deletes what nobody needs any more, but never the last', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk', options)
    await fill(log, disk, words(20))
    const files = disk.names
    expect(files.length, 'files').toBeGreaterThan(3)
    await outcomeOf(log.release(1), TURNS)
    expect(disk.names, 'release(1): there is none below').toEqual(files)
    const second = Number(/\d+/.exec(files[1]!)![0])
    await outcomeOf(log.release(second - 1), TURNS)
    expect(disk.names, `release(${second - 1}), which is the last record of the first file`).toEqual(files)
    await outcomeOf(log.release(second), TURNS)
    expect(disk.names, `release(${second}): all of the first file are below`).toEqual(files.slice(1))
    await outcomeOf(log.release(12), TURNS)
    const left = await open<string>(disk.copy(), 'after release(12)', options)
    expect(disk.names.length, 'files, after release(12)').toBeLessThan(files.length)
    expect(left.recovered.slice(-9), 'what is left after release(12): 12 and above').toEqual(
      words(20)
        .map((record, i) => ({ number: i + 1, record }))
        .slice(-9),
    )
    expect(await outcomeOf(log.release(1000), TURNS), 'release(1000)').toMatchObject({ status: 'fulfilled' })
    expect(disk.names, 'release(1000): all but the last').toEqual(files.slice(-1))
    expect(log.bytes, 'log.bytes').toBe(disk.bytesOf(disk.names[0]!).length)
    const next = await open<string>(disk.unplug(), 'the next life', options)
    expect(await outcomeOf(next.append('more'), TURNS), 'numbers go on, whatever was deleted').toEqual(fulfilled(21))
  })

  test('leaves no gap behind, wherever it stops deleting', async () => {
    const full = new SimulatedDisk()
    await fill(await open<string>(full, 'an empty disk', options), full, words(30))
    for (let seed = 0; seed < 40; seed++) {
      const disk = full.copy()
      const log = await open<string>(disk, 'six files', options)
      const removed = () => disk.count('remove')
      expect(disk.names.length, 'files').toBeGreaterThan(5)
      const stopAt = 1 + (seed % 5)
      disk.before = ({ kind }) => (kind === 'remove' && removed() > stopAt ? new Promise(() => {}) : undefined)
      await outcomeOf(log.release(1000), 3)
      expect(removed(), 'files being deleted').toBeGreaterThan(0)
      const what = `the plug was pulled while file ${stopAt + 1} was being deleted (seed ${seed})`
      const left = await found(disk.cut(seededRandom(seed)), what, options)
      expect(left, `${what}: the oldest go first`).toEqual(words(30).slice(30 - left.length))
    }
  })

  test('deletes later what it could not delete', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk', options)
    await fill(log, disk, words(20))
    const files = disk.names
    expect(files.length, 'files').toBeGreaterThan(3)
    let isHeld = true
    disk.before = ({ kind, name }) => {
      if (kind === 'remove' && name === files[0] && isHeld) throw Object.assign(new Error('EBUSY'), { code: 'EBUSY' })
    }
    await outcomeOf(log.release(1000), TURNS)
    expect(disk.names, 'the oldest is held by somebody (EBUSY), and none goes before it').toEqual(files)
    isHeld = false
    await outcomeOf(log.release(1000), TURNS)
    expect(disk.names, 'released again, when it is not').toEqual(files.slice(-1))
    expect(await outcomeOf(log.append('more'), TURNS), 'append').toEqual(fulfilled(21))
  })

  test('misses a file that is gone', async () => {
    const disk = new SimulatedDisk()
    await fill(await open(disk, 'an empty disk', options), disk, words(20))
    const [, second] = disk.names
    expect(disk.names.length, 'files').toBeGreaterThan(2)
    await disk.remove(second!)
    expect(await outcomeOf(Log.open(disk, options), TURNS), `without ${second}`).toMatchObject(
      rejected(expect.any(LogCorruptError)),
    )
    const whole = new SimulatedDisk()
    await fill(await open(whole, 'an empty disk', options), whole, words(20))
    const [first] = whole.names
    const bytes = whole.bytesOf(first!)
    for (const [what, wrong] of [
      ['without its last bytes: they were there when the next one was begun', bytes.subarray(0, -3)],
      [
        'with half a line more: there was none when the next one was begun',
        Buffer.concat([bytes, bytes.subarray(0, 12)]),
      ],
    ] as const) {
      const other = whole.copy()
      other.put(first!, wrong)
      expect(
        await outcomeOf(Log.open(other, options), TURNS),
        `${first}, which is not the last, ${what}`,
      ).toMatchObject(rejected(expect.any(LogCorruptError)))
    }
  })

  test('shares its directory with others', async () => {
    const disk = new SimulatedDisk()
    for (const name of ['notes.txt', 'notes.log']) disk.put(name, Buffer.from('not ours'))
    const one = await open<string>(disk, 'beside a file of somebody else’s', { ...options, prefix: 'one-' })
    const two = await open<string>(disk, 'beside another log', { ...options, prefix: 'two-' })
    const three = await open<string>(disk, 'beside two others', options)
    for (const [i, log] of [one, two, three].entries()) await fill(log, disk, [`of ${i}`, `and ${i}`])
    // Somebody has looked at them, and copied them first.
    for (const name of disk.names) disk.put(`${name}.bak`, disk.bytesOf(name).subarray(0, 9))
    expect(await found(disk.unplug(), 'one', { prefix: 'one-' }), 'what is on disk').toEqual(['of 0', 'and 0'])
    expect(await found(disk, 'two', { prefix: 'two-' }), 'what is on disk').toEqual(['of 1', 'and 1'])
    expect(await found(disk, 'three', { prefix: '' }), 'what is on disk').toEqual(['of 2', 'and 2'])
  })

  test('keeps its files in a real directory', { timeout: 20_000 }, async () => {
    const base = mkdtempSync(join(tmpdir(), 'fail-well-log-'))
    onTestFinished(() => rmSync(base, { recursive: true, force: true }))
    const syncs = await watchSyncs(base)
    const path = join(base, 'a/new/one')
    const log = await Log.open<string>(directory(path), options)
    const other = await Log.open<string>(directory(join(base, 'other')), options)
    onTestFinished(async () => void (await Promise.allSettled([log.close(), other.close()])))
    for (const word of words(20)) await Promise.all([log.append(word), other.append(word)])
    const files = readdirSync(path).toSorted()
    expect(files.length, 'files, for 20 records of 10 bytes and more, at segmentBytes: 100').toBeGreaterThan(2)
    const begun = files.length + readdirSync(join(base, 'other')).length
    expect(syncs.files, 'syncs of files, of two logs with twenty appends each').toBeGreaterThanOrEqual(40)
    // Windows has none of them.
    const wanted = process.platform === 'win32' ? 0 : begun
    expect(syncs.directories, `syncs of directories, for ${begun} new files`).toBeGreaterThanOrEqual(wanted)
    expect(syncs.most, 'syncs at a time: each holds one of the four threads that look up names, too').toBe(1)
    await log.release(12)
    expect(readdirSync(path).length, 'files, after release(12)').toBeLessThan(files.length)
    await Promise.all([log.close(), other.close()])
    expect(
      [...syncs.handles].filter(({ fd }) => fd >= 0),
      'what was synced, and is still open when both are closed',
    ).toEqual([])
    // Longer than the line that is written over it.
    appendFileSync(join(path, files.at(-1)!), 'half a line, '.repeat(10))
    const next = await Log.open<string>(directory(path), options)
    expect(next.torn, 'torn').toEqual({ file: files.at(-1), bytes: 130 })
    expect(await next.append('more'), 'append, in the next life').toBe(21)
    await next.close()
    const last = await Log.open<string>(directory(path), options)
    await last.close()
    expect(
      [...last.recovered.map(({ record }) => record).slice(-10), last.torn],
      'the last ten of both lives, and what is torn: the end of the first was cut off',
    ).toEqual([...words(20).slice(-9), 'more', undefined])
  })
})

describe('Step 8: What the disk forgot', () => {
  test('writes again what a failed sync has left to be read', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    await fill(log, disk, ['a'])
    failing(disk, 'EIO', 'sync')
    expect(await outcomeOf(log.append('b'), TURNS), 'append, when its sync fails').toMatchObject({ status: 'rejected' })
    const next = disk.kill()
    const second = await open<string>(next, 'the next life')
    const told = second.recovered.map(({ record }) => record)
    expect(
      await found(next.unplug(), 'after the plug was pulled'),
      'what the next life was told is there, and what is there after it: the page that a failed sync has left can be read, and never was on disk',
    ).toEqual(told)
    for (const kind of ['write', 'sync', 'syncDirectory']) {
      const rotten = next.copy()
      failing(rotten, 'EIO', kind)
      expect(await outcomeOf(Log.open(rotten), TURNS), `Log.open, when ${kind} fails`).toMatchObject(
        rejected({ code: 'EIO' }),
      )
      expect(rotten.count('open') - rotten.count('close'), `files left open, when ${kind} fails`).toBe(0)
    }
  })

  test('loses nothing meanwhile, wherever it is unplugged', async () => {
    const before = new SimulatedDisk()
    const log = await open<string>(before, 'an empty disk')
    await fill(log, before, words(6))
    held(before)
    expect(await outcomeOf(log.append('torn'), 3), 'append, while its sync is under way').toEqual({ status: 'pending' })
    const torn = before.cut(() => 0.5)
    for (let last = 1; last < 12; last++) {
      const disk = torn.copy()
      let next: SimulatedDisk | undefined
      disk.before = () => {
        if (disk.asked.length === last) next = disk.cut(seededRandom(last))
      }
      await outcomeOf(Log.open(disk), 3)
      const what = `the plug was pulled at operation ${last} of opening it (${disk.asked.at(-1)!.kind}), and it is opened once more`
      expect(
        (await found(next ?? disk.unplug(), what)).slice(0, 6),
        `${what}: what the first life has promised; a file that is emptied to be written again is empty for a while`,
      ).toEqual(words(6))
    }
  })

  test('keeps its promises in the next life, wherever the last one was killed', async () => {
    for (let last = 1; last < 30; last++) {
      let disk = new SimulatedDisk()
      const promised: string[] = []
      const first = await open<string>(disk, 'an empty disk', { segmentBytes: 60 })
      let next: SimulatedDisk | undefined
      const from = disk.asked.length
      disk.before = () => {
        if (disk.asked.length - from === last) next = disk.kill()
      }
      for (const word of words(6)) {
        const { status } = await outcomeOf(first.append(word), 2)
        if (status === 'fulfilled') promised.push(word)
      }
      disk = next ?? disk.kill()
      const what = `killed at operation ${last}`
      const second = await open<string>(disk, what, { segmentBytes: 60 })
      const { status } = await outcomeOf(second.append('second life'), TURNS)
      expect(status, `${what}: append in the second life`).toBe('fulfilled')
      const left = await found(disk.unplug(), `${what}, and then the plug was pulled`, { segmentBytes: 60 })
      expect(left, `${what}, and then the plug was pulled: of both lives`).toEqual([
        ...words(6).slice(0, Math.max(promised.length, left.length - 1)),
        'second life',
      ])
    }
  })
})

describe('Step 13: Nonsense', () => {
  test('refuses options of a log that are none', async () => {
    for (const wrong of [0, -1, 1.5, NaN, Infinity, '100'])
      for (const name of ['segmentBytes', 'lineBytes'])
        expect(
          await outcomeOf(Log.open(new SimulatedDisk(), { [name]: wrong }), TURNS),
          `${name}: ${String(wrong)} is a RangeError that names it`,
        ).toMatchObject({ status: 'rejected', reason: { name: 'RangeError', message: expect.stringContaining(name) } })
  })

  test('writes lines that are no longer than they may be', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk', { lineBytes: 100 })
    const all = Promise.all(words(30).map((word) => log.append(`Ō ${word}`)))
    expect(await outcomeOf(all, TURNS)).toMatchObject({ status: 'fulfilled' })
    const writes = disk.asked.filter(({ kind }) => kind === 'write').map(({ bytes }) => bytes!)
    expect(
      Math.max(...writes),
      'bytes, and not characters, of the longest line, at lineBytes: 100',
    ).toBeLessThanOrEqual(100)
    expect(writes.length, 'lines for thirty records of eleven bytes and more').toBeLessThan(9)
    expect(await outcomeOf(log.append('x'.repeat(100)), TURNS), 'a record that fits into no line').toMatchObject({
      reason: { name: 'RangeError' },
    })
    expect(await outcomeOf(log.append('y'), TURNS), 'and nobody else').toEqual(fulfilled(31))
    const longest = 'x'.repeat(100 - 'crc32hex [""]\n'.length)
    expect(await outcomeOf(log.append(longest), TURNS), 'one whose line is of 100 bytes').toEqual(fulfilled(32))
    await outcomeOf(log.append(`${longest}x`), TURNS)
    const lengths = disk.asked.filter(({ kind }) => kind === 'write').map(({ bytes }) => bytes!)
    expect(
      Math.max(...lengths),
      'bytes of the longest line, when one has come that is longer by one',
    ).toBeLessThanOrEqual(100)
  })

  test('takes nothing more when it is closed, and keeps what it has', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk')
    const appended = outcomeOf(log.append('a'), TURNS)
    const closed = outcomeOf(log.close(), TURNS)
    expect(await outcomeOf(log.append('b'), TURNS), 'append, when it closes').toMatchObject(
      rejected(expect.any(ClosedError)),
    )
    expect(await appended, 'who came before').toEqual(fulfilled(1))
    expect(await closed).toMatchObject({ status: 'fulfilled' })
    expect(await found(disk.unplug(), 'after that'), 'what is on disk').toEqual(['a'])
    expect(disk.count('open') - disk.count('close'), 'files left open').toBe(0)
  })

  test('asks the disk nothing more when it is closed', async () => {
    const disk = new SimulatedDisk()
    const log = await open<string>(disk, 'an empty disk', { segmentBytes: 30 })
    await fill(log, disk, words(5))
    const { gates, letGo } = held(disk, 'remove')
    await outcomeOf(log.release(1000), 3)
    const closed = log.close()
    expect(await outcomeOf(closed, 3), 'close, while a file is being deleted').toEqual({ status: 'pending' })
    expect(gates.length, 'files being deleted').toBe(1)
    letGo()
    expect(await outcomeOf(closed, TURNS), 'close, when it is').toMatchObject({ status: 'fulfilled' })
    const before = disk.asked.length
    await outcomeOf(log.release(1000), TURNS)
    expect(
      disk.asked.slice(before).map(({ kind }) => kind),
      'what the disk was asked after that: the directory is the next one’s by then',
    ).toEqual([])
    const other = new SimulatedDisk()
    const second = await open<string>(other, 'an empty disk', { segmentBytes: 30 })
    await fill(second, other, words(5))
    await outcomeOf(second.close(), TURNS)
    const files = other.names
    expect(files.length, 'files').toBeGreaterThan(1)
    await outcomeOf(second.release(1000), TURNS)
    expect(other.names, 'files, after a release behind the close').toEqual(files)
  })
})
