import type { LogBrokenError } from '../../shared/core/errors.ts'
import type { Disk, DiskFile } from './disk.ts'
import { fromLine, toLine } from './line.ts'
import type { LogOptions } from './options.ts'

export interface Recovered<T> {
  number: number
  record: T
}

/** Records in a file. Numbers count from 1. */
export class Log<T> {
  /** What was there when it was opened, in order. */
  readonly recovered: Recovered<T>[]
  /** What had been cut off at the end of the last file, when it was opened. */
  readonly torn: { file: string; bytes: number } | undefined
  readonly #file: DiskFile
  readonly #records: T[]

  static async open<T>(disk: Disk, { prefix = '' }: LogOptions = {}): Promise<Log<T>> {
    const name = `${prefix}log.json`
    const isThere = (await disk.list()).includes(name)
    const records = isThere ? fromLine(await disk.read(name)) : []
    return new Log<T>(await disk.open(name), records as T[])
  }

  private constructor(file: DiskFile, records: T[]) {
    this.#file = file
    this.#records = records
    this.recovered = records.map((record, index) => ({ number: index + 1, record }))
  }

  /** On disk. */
  get bytes(): number {
    return toLine(this.#records.map((record) => JSON.stringify(record))).length
  }

  /** Why it takes nothing more, if so. */
  get broken(): LogBrokenError | undefined {
    return undefined
  }

  /** Resolves with its number when the record has been written. */
  async append(record: T): Promise<number> {
    const number = this.#records.push(record)
    const text = toLine(this.#records.map((record) => JSON.stringify(record)))
    await this.#file.truncate(0)
    await this.#file.write(text, 0)
    return number
  }

  /** Nobody needs records below this number any more. */
  async release(_below: number): Promise<void> {
    // Disks are large.
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
