import type { Random } from '../core/random.ts'

/** What a disk is asked. */
export interface Operation {
  kind: 'list' | 'read' | 'open' | 'write' | 'sync' | 'truncate' | 'remove' | 'syncDirectory' | 'close'
  /** Of the file; '' for the directory. */
  name: string
  /** Of a write, and what it may change: only so many are written. */
  bytes?: number
}

const SECTOR = 16

interface File {
  /** What is read: the system's memory. */
  seen: Buffer
  /** What is on the disk. */
  kept: Buffer
  /** Sectors of `seen` that are not, and are still to be. */
  dirty: Set<number>
}

const copyOf = ({ seen, kept, dirty }: File): File => ({
  seen: Buffer.from(seen),
  kept: Buffer.from(kept),
  dirty: new Set(dirty),
})

/**
 * A disk in memory that forgets as disks do: what is not synced is there until the plug is pulled, and of that which was
 * being written some sectors are on disk, in any order; a sync that has failed has dropped what it was to write, and the next
 * one says that all is well; a file that its directory was not told of is gone.
 */
export class SimulatedDisk {
  /** Told of each operation, and awaited; what it throws, the operation throws, and has not been done. */
  before: (operation: Operation) => unknown = () => {}
  /** All that it was asked, in order. */
  readonly asked: Operation[] = []
  #files = new Map<string, File>()
  /** As the directory on disk has them. */
  #known = new Map<string, File>()
  #isDead = false

  /** Operations of a kind, so far. */
  count(...kinds: Operation['kind'][]): number {
    return this.asked.filter(({ kind }) => kinds.includes(kind)).length
  }

  /** The file as it is read now, to be looked at or changed; no operation. */
  bytesOf(name: string): Buffer {
    return this.#files.get(name)?.seen ?? Buffer.alloc(0)
  }

  /** The names of its files, in order; no operation. */
  get names(): string[] {
    return [...this.#files.keys()].toSorted()
  }

  /** Puts a file there, and on the disk; no operation. */
  put(name: string, bytes: Uint8Array): void {
    const file: File = { seen: Buffer.from(bytes), kept: Buffer.from(bytes), dirty: new Set() }
    this.#files.set(name, file)
    this.#known.set(name, file)
  }

  /** All of it, once more: for another life that is to begin at the same place. */
  copy(): SimulatedDisk {
    const other = new SimulatedDisk()
    for (const [name, file] of this.#files) other.#files.set(name, copyOf(file))
    for (const [name, file] of this.#known) {
      const isSame = this.#files.get(name) === file
      other.#known.set(name, isSame ? other.#files.get(name)! : copyOf(file))
    }
    return other
  }

  /** The process is gone: what it was waiting for never comes. @returns the disk as the next process finds it: nothing is lost */
  kill(): SimulatedDisk {
    const next = this.copy()
    this.#isDead = true
    return next
  }

  /** The plug is pulled. @returns the disk as the next process finds it, and `random` decides what had been written by then */
  cut(random: Random): SimulatedDisk {
    const next = new SimulatedDisk()
    const before = this.copy()
    this.#isDead = true
    for (const name of new Set([...before.#files.keys(), ...before.#known.keys()])) {
      const known = before.#known.get(name)
      const file = before.#files.get(name)
      // Made or removed, and the directory may or may not have it.
      const found = known === file || random() < 0.5 ? known : file
      if (found) next.put(name, remains(found, random))
    }
    return next
  }

  /** The plug is pulled in the worst moment. @returns the disk with what was synced, and nothing else */
  unplug(): SimulatedDisk {
    const next = new SimulatedDisk()
    for (const [name, { kept }] of this.#known) next.put(name, kept)
    this.#isDead = true
    return next
  }

  list(): Promise<string[]> {
    return this.#do({ kind: 'list', name: '' }, () => [...this.#files.keys()].toReversed())
  }

  read(name: string): Promise<Buffer> {
    return this.#do({ kind: 'read', name }, () => Buffer.from(this.#find(name).seen))
  }

  remove(name: string): Promise<void> {
    return this.#do({ kind: 'remove', name }, () => {
      this.#find(name)
      this.#files.delete(name)
    })
  }

  syncDirectory(): Promise<void> {
    return this.#do({ kind: 'syncDirectory', name: '' }, () => {
      this.#known = new Map(this.#files)
    })
  }

  open(name: string) {
    return this.#do({ kind: 'open', name }, () => {
      if (!this.#files.has(name))
        this.#files.set(name, { seen: Buffer.alloc(0), kept: Buffer.alloc(0), dirty: new Set() })
      const file = this.#files.get(name)!
      return {
        write: (bytes: Uint8Array, position: number): Promise<number> => {
          const operation: Operation = { kind: 'write', name, bytes: bytes.length }
          // As they are now: a real disk would write what has become of them, too, but later.
          const copy = Buffer.from(bytes)
          return this.#do(operation, () => write(file, copy.subarray(0, operation.bytes), position))
        },
        sync: (): Promise<void> =>
          this.#do({ kind: 'sync', name }, () => sync(file)).catch((error) => {
            file.dirty.clear()
            throw error
          }),
        truncate: (length: number): Promise<void> =>
          this.#do({ kind: 'truncate', name }, () => {
            file.seen = Buffer.concat([
              file.seen.subarray(0, length),
              Buffer.alloc(Math.max(0, length - file.seen.length)),
            ])
            for (const sector of file.dirty) if (sector * SECTOR >= length) file.dirty.delete(sector)
          }),
        close: (): Promise<void> => this.#do({ kind: 'close', name }, () => {}),
      }
    })
  }

  async #do<T>(operation: Operation, work: () => T): Promise<T> {
    if (this.#isDead) return new Promise(() => {})
    this.asked.push(operation)
    // It takes its time, in which others come; and it may be the last.
    for (let i = 0; i < 5; i++) await null
    await this.before(operation)
    if (this.#isDead) return new Promise(() => {})
    return work()
  }

  #find(name: string): File {
    const file = this.#files.get(name)
    if (!file) throw Object.assign(new Error(`ENOENT: no such file, '${name}'`), { code: 'ENOENT' })
    return file
  }
}

function write(file: File, bytes: Buffer, position: number): number {
  const grown = position + bytes.length - file.seen.length
  file.seen = Buffer.concat(grown > 0 ? [file.seen, Buffer.alloc(grown)] : [file.seen])
  bytes.copy(file.seen, position)
  for (let at = position - (position % SECTOR); at < position + bytes.length; at += SECTOR) file.dirty.add(at / SECTOR)
  return bytes.length
}

function sync(file: File): void {
  file.kept = keptWith(file, [...file.dirty], file.seen.length)
  file.dirty.clear()
}

/** What is on the disk when these sectors have been written, and so much is its length. */
function keptWith({ seen, kept }: File, sectors: number[], length: number): Buffer {
  const result = Buffer.alloc(length)
  kept.copy(result)
  // Neighbours in one go: a megabyte has many.
  for (let i = 0, end = 0; i < sectors.length; i = end) {
    for (end = i + 1; sectors[end] === sectors[end - 1]! + 1;) end++
    seen.copy(result, sectors[i]! * SECTOR, sectors[i]! * SECTOR, (sectors[end - 1]! + 1) * SECTOR)
  }
  return result
}

function remains(file: File, random: Random): Buffer {
  const written = [...file.dirty].filter(() => random() < 0.5)
  const lengths = [file.kept.length, file.seen.length]
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)]
  const length = least + Math.floor(random() * (most - least + 1))
  return keptWith(file, written, length)
}
