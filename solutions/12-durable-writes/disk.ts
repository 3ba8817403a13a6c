import { mkdirSync } from 'node:fs'
import { open, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** A directory, as a log sees it. Every method rejects with what the system throws. */
export interface Disk {
  /** The names of its files. */
  list(): Promise<string[]>
  read(name: string): Promise<Buffer>
  /** To be written to; makes the file where there is none. */
  open(name: string): Promise<DiskFile>
  remove(name: string): Promise<void>
  /** Resolves when files that were made or removed are so on disk: a file of which the directory knows nothing is gone. */
  syncDirectory(): Promise<void>
}

export interface DiskFile {
  /** Resolves with how many of the bytes were written, from the first on: it may be fewer than there are. */
  write(bytes: Uint8Array, position: number): Promise<number>
  /** Resolves when the file's bytes and its length are on disk, and not only on their way there. */
  sync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

let lastSync: Promise<unknown> = Promise.resolve()

/**
 * One sync at a time in this process. Each holds one of libuv's four threads for as long as the disk takes; four logs that
 * sync at once leave none for a DNS lookup.
 */
function inTurn<T>(sync: () => Promise<T>): Promise<T> {
  const result = lastSync.then(sync)
  lastSync = result.catch(() => {})
  return result
}

/** The directory at `path`, which is made where there is none. */
export function directory(path: string): Disk {
  mkdirSync(path, { recursive: true })
  return {
    list: () => readdir(path),
    read: (name) => readFile(join(path, name)),
    async open(name) {
      // Not "a", which writes at the end whatever the position is; and not "w", which empties the file first.
      const handle = await open(join(path, name), 'r+').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
        return open(join(path, name), 'w+')
      })
      return {
        write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
        // Without what nobody reads again, such as the time of the change; the length it does sync.
        sync: () => inTurn(() => handle.datasync()),
        truncate: (length) => handle.truncate(length),
        close: () => handle.close(),
      }
    },
    remove: (name) => unlink(join(path, name)),
    syncDirectory: () => inTurn(() => syncDirectory(path)),
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows knows no such thing, and says EPERM.
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
