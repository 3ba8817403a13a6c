import { ClosedError, LogBrokenError, LogCorruptError, LogWriteError } from '../../shared/core/errors.ts'
import { checkOptions, count } from '../../shared/core/options.ts'
import type { Disk, DiskFile } from './disk.ts'
import { scan, toLine } from './line.ts'
import type { LogOptions } from './options.ts'

export interface Recovered<T> {
  number: number
  record: T
}

/** One that waits to be on disk. */
interface Waiting {
  json: string
  bytes: number
  resolve(number: number): void
  reject(error: unknown): void
}

interface Segment {
  name: string
  /** The number of its first record, there or not. */
  first: number
  bytes: number
}

/** Of brackets, checksum and newline, less the comma that the last record has not. */
const FRAME_BYTES = 11

/**
 * Records in files, one after the other; what was promised is on disk. Numbers count from 1, over all lives: a file is
 * named by its first one.
 *
 * Whoever comes while a sync is under way shares the next; the next line waits until the last is durable. So only the last
 * line can be torn, and all before it was good once.
 */
export class Log<T> {
  /** What was there when it was opened, in order. Whoever has taken them may empty it. */
  readonly recovered: Recovered<T>[]
  /** What had been cut off at the end of the last file, when it was opened: it was never promised. */
  readonly torn: { file: string; bytes: number } | undefined
  readonly #disk: Disk
  readonly #options: Required<LogOptions>
  readonly #segments: Segment[]
  #file: DiskFile | undefined
  #next: number
  #broken: LogBrokenError | undefined
  #isClosed = false
  #waiting: Waiting[] = []
  #working: Promise<void> | undefined
  #releasing: Promise<void> = Promise.resolve()

  /**
   * Reads what is there, cuts off what is torn, and sees to it that the rest is on disk.
   *
   * @throws LogCorruptError when something is gone that was on disk once, and then no byte is changed; RangeError for
   * options that are none; and what the disk throws
   */
  static async open<T>(
    disk: Disk,
    { segmentBytes = 8 * 2 ** 20, lineBytes = 2 ** 20, prefix = '' }: LogOptions = {},
  ): Promise<Log<T>> {
    const options = { segmentBytes, lineBytes, prefix }
    checkOptions(options, { segmentBytes: count, lineBytes: count })
    const names = (await disk.list()).filter((name) => numberOf(name, prefix) > 0)
    const segments: Segment[] = []
    const recovered: Recovered<T>[] = []
    let next = 0
    let torn: Log<T>['torn']
    let last: Buffer | undefined
    for (const [index, name] of names.toSorted().entries()) {
      const first = numberOf(name, prefix)
      if (index > 0 && first !== next) throw new LogCorruptError(`There is nothing of record ${next}`, name, 0)
      const bytes = await disk.read(name)
      const { records, end, isCorrupt } = scan(bytes)
      const isLast = index === names.length - 1
      // The next file is begun when all of this one is on disk.
      if (isCorrupt || (!isLast && end < bytes.length))
        throw new LogCorruptError('What was a line is none any more', name, end)
      // One by one: a call takes some hundred thousand arguments, and a file has more records.
      for (const [i, record] of records.entries()) recovered.push({ number: first + i, record: record as T })
      segments.push({ name, first, bytes: end })
      next = first + records.length
      if (end < bytes.length) torn = { file: name, bytes: bytes.length - end }
      last = bytes.subarray(0, end)
    }
    const file = last && (await disk.open(segments.at(-1)!.name))
    if (file) await rewrite(disk, file, last!)
    return new Log<T>(disk, options, { segments, recovered, next: next || 1, file, torn })
  }

  private constructor(
    disk: Disk,
    options: Required<LogOptions>,
    {
      segments,
      recovered,
      next,
      file,
      torn,
    }: Pick<Log<T>, 'recovered' | 'torn'> & {
      segments: Segment[]
      next: number
      file: DiskFile | undefined
    },
  ) {
    this.#disk = disk
    this.#options = options
    this.#segments = segments
    this.recovered = recovered
    this.#next = next
    this.#file = file
    this.torn = torn
  }

  /** On disk, in all files. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Why it takes nothing more, if so. */
  get broken(): LogBrokenError | undefined {
    return this.#broken
  }

  /**
   * Resolves with its number when the record, as it is now, is on disk.
   *
   * @throws TypeError for what is no JSON, RangeError for what fits into no line; LogWriteError when the disk refuses it,
   * and the next may succeed; LogBrokenError when a sync has failed: it may be there when the log is opened anew
   */
  async append(record: T): Promise<number> {
    const json: unknown = JSON.stringify(record)
    if (typeof json !== 'string') throw new TypeError(`A record must be JSON; got ${typeof record}`)
    const bytes = Buffer.byteLength(json) + 1
    const { lineBytes } = this.#options
    if (bytes + FRAME_BYTES > lineBytes)
      throw new RangeError(`A record must fit into a line of ${lineBytes} bytes; got ${bytes}`)
    if (this.#isClosed) throw new ClosedError('The log is closed')
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.#waiting.push({ json, bytes, resolve, reject })
    // In a turn of its own, so that whoever comes in this one is in the same line.
    this.#working ??= Promise.resolve().then(() => this.#work())
    return promise
  }

  /**
   * Nobody needs records below this number any more: deletes the files that have no others, but never the last one, by
   * whose name the next life counts on.
   */
  release(below: number): Promise<void> {
    // Not two at a time; and one that has failed is no reason for the next to.
    const released = this.#releasing.then(() => this.#release(below))
    this.#releasing = released.catch(() => {})
    return released
  }

  /** Takes nothing more, and resolves when what waits has settled; the disk is asked nothing after that. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#working
    await this.#releasing
    await this.#file?.close()
    this.#file = undefined
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      try {
        const first = await this.#write(toLine(batch.map(({ json }) => json)), batch.length)
        batch.forEach(({ resolve }, i) => resolve(first + i))
      } catch (error) {
        const failed = error instanceof LogBrokenError ? [...batch, ...this.#waiting.splice(0)] : batch
        for (const { reject } of failed) reject(error)
      }
    }
    this.#working = undefined
  }

  #takeBatch(): Waiting[] {
    let bytes = FRAME_BYTES
    const end = this.#waiting.findIndex((each) => (bytes += each.bytes) > this.#options.lineBytes)
    return this.#waiting.splice(0, end < 0 ? Infinity : end)
  }

  /** Resolves with the number of the line's first record when it is on disk. */
  async #write(line: Buffer, records: number): Promise<number> {
    if (this.#broken) throw this.#broken
    await this.#makeRoom(line.length)
    const segment = this.#segments.at(-1)!
    const file = this.#file!
    try {
      await writeAll(file, line, segment.bytes)
    } catch (cause) {
      // What is there of it would be torn, and after the next line it would be corrupt.
      await this.#must(file.truncate(segment.bytes))
      throw new LogWriteError('The disk has refused the record', { cause })
    }
    await this.#must(file.sync())
    segment.bytes += line.length
    const first = this.#next
    this.#next += records
    return first
  }

  async #makeRoom(bytes: number): Promise<void> {
    const last = this.#segments.at(-1)
    if (last && (last.bytes === 0 || last.bytes + bytes <= this.#options.segmentBytes)) return
    const name = nameOf(this.#next, this.#options.prefix)
    let file: DiskFile
    try {
      file = await this.#disk.open(name)
    } catch (cause) {
      throw new LogWriteError('There can be no further file', { cause })
    }
    await this.#file?.close().catch(() => {})
    this.#file = file
    this.#segments.push({ name, first: this.#next, bytes: 0 })
    await this.#must(this.#disk.syncDirectory())
  }

  /**
   * A sync that has failed is not asked again: the system has marked what it could not write as written, and the next sync
   * succeeds without it.
   */
  async #must(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (cause) {
      throw (this.#broken = new LogBrokenError('Nobody knows what is on disk', { cause }))
    }
  }

  async #release(below: number): Promise<void> {
    // Not behind a close: the directory may be another's by then.
    while (!this.#isClosed && !this.#broken && this.#segments.length > 1 && this.#segments[1]!.first <= below) {
      // The oldest first, and on disk: two that are gone in another order are a gap.
      const [{ name }] = this.#segments as [Segment]
      await this.#disk.remove(name)
      this.#segments.shift()
      await this.#must(this.#disk.syncDirectory())
    }
  }
}

/** Once more, in its place: what a failed sync has left can be read, and is not on disk. */
async function rewrite(disk: Disk, file: DiskFile, bytes: Buffer): Promise<void> {
  try {
    await file.truncate(bytes.length)
    await writeAll(file, bytes, 0)
    await file.sync()
    // Of one that was made in the last moment of the last life.
    await disk.syncDirectory()
  } catch (error) {
    await file.close().catch(() => {})
    throw error
  }
}

async function writeAll(file: DiskFile, bytes: Buffer, position: number): Promise<void> {
  for (let from = 0; from < bytes.length;) {
    const written = await file.write(bytes.subarray(from), position + from)
    if (written === 0) throw new Error('The disk takes no more, and does not say why')
    from += written
  }
}

/** Names in the order of their numbers. */
const nameOf = (number: number, prefix: string) => `${prefix}${String(number).padStart(16, '0')}.log`

/** 0 for another's file. */
function numberOf(name: string, prefix: string): number {
  const digits = name.startsWith(prefix) ? /^(\d{16})\.log$/.exec(name.slice(prefix.length))?.[1] : undefined
  return Number(digits ?? 0)
}
