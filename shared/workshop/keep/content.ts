import { createHash } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { Trouble } from '../../core/trouble.ts'

/** What is at a path: a file's bytes (of any encoding, with any line ends), a link (never followed), or nothing. */
export type Content = Buffer | { link: string } | undefined

export function read(path: string): Content {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return undefined
  if (stat.isDirectory()) throw new Trouble(`${path} is a folder, and should be a file: move it away, and try again.`)
  return stat.isSymbolicLink() ? { link: readlinkSync(path) } : readFileSync(path)
}

/** Equal for equal contents, and null for nothing. */
export function fingerprint(content: Content): string | null {
  if (!content) return null
  return 'link' in content ? `link to ${content.link}` : createHash('sha256').update(content).digest('hex')
}

/** Writes what is not there yet, all the way to the disk: a flat battery must not cost what a kill does not. */
export function write(path: string, content: NonNullable<Content>): void {
  mkdirSync(dirname(path), { recursive: true })
  if ('link' in content) symlinkSync(content.link, path)
  else writeFileSync(path, content, { flag: 'wx', flush: true })
}

/** A new name is on the disk when its folder is. Windows sees to that by itself, and has no such call. */
export function flushFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  fsyncSync(folder)
  closeSync(folder)
}

const inTheWay = 'close what else has it open, and see that you may read and write it'
const fixes: Record<string, string> = {
  ENOSPC: 'the disk is full: make room',
  EDQUOT: 'your share of the disk is full: make room',
  EROFS: 'this disk is read-only: copy the workshop to one that is not',
  EACCES: inTheWay,
  EPERM: inTheWay,
  EBUSY: inTheWay,
  ENOTDIR: 'a file is where a folder should be: move it away',
  EEXIST: 'something is in the way there: move it away',
  EXDEV: 'it is on another disk than .workshop: put both on one',
}

/** What the operating system objects to, as something to mend; an error of another kind stays what it is. */
export function explain(error: unknown, base: string, consequence: string): unknown {
  const { code, path, dest, message } = error as NodeJS.ErrnoException & { dest?: string }
  if (error instanceof Trouble || !/^E[A-Z]+$/.test(code ?? '')) return error
  // A write tells no path, and all writing is done there.
  const where = relative(base, dest ?? path ?? join(base, '.workshop'))
  return new Trouble(`${where}: ${fixes[code!] ?? message} (${code}), and try again. ${consequence}`)
}
