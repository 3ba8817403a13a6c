import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFolder {
  path: string
  remove(): void
}

/** A new one, which goes when it is removed, or with this process; unless that is killed. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'parcel-'))
  const remove = () => {
    process.off('exit', remove)
    // Whoever writes into it may not have ended yet.
    rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  }
  process.on('exit', remove)
  return { path, remove }
}

/** Of all its files, now; 0 where there is none. */
export function bytesIn(folder: string): number {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const sizes = names.map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
  return sizes.reduce((sum, size) => sum + size, 0)
}
