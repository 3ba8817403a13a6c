import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { LockedError } from '../../shared/core/errors.ts'

/**
 * Takes the directory for this process; two that write one log destroy it. The lock is the system's, on an empty SQLite
 * database: it ends with the process, however that ends, which a file with a process id in it does not; in a container, each is
 * number 1. Nobody may read that file, `lock`: closing it again would end the lock.
 *
 * @returns what gives it back; called again, it does nothing
 * @throws LockedError when somebody has it
 */
export function lockDirectory(path: string): () => void {
  mkdirSync(path, { recursive: true })
  // Here, and not above: Node 22 warns whoever loads it that it is new.
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(join(path, 'lock'))
  try {
    // No wait: whoever has it has it for life.
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    const isBusy = (cause as { errcode?: number }).errcode === SQLITE_BUSY
    throw isBusy ? new LockedError(`${path} is another process’s`, { cause }) : cause
  }
  held.add(database)
  return () => {
    if (held.delete(database)) database.close()
  }
}

/** Whoever does not keep what gives it back has it all the same: garbage would be collected, and closed with that. */
const held = new Set<object>()

const SQLITE_BUSY = 5
