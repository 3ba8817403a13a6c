import { type Dirent, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { isGiven } from '../../manifest/chapters.ts'
import { Trouble } from '../../core/trouble.ts'
import { move } from '../../core/move.ts'
import { type Content, fingerprint, flushFolder, read, write } from './content.ts'

/*
 * .workshop/kept/7/
 *   03-retry/…   the chapter's folder as it was, before the command that the attendee may want to take back
 *   state.json   a State
 *   goal/…       what waits to be moved to its place in exercises/; while this folder exists, the command is not done
 * .workshop/new  whatever is being written or thrown away; of no value after a crash
 *
 * A state is written in `new`, state.json last, and gets its number by one rename; only then is the first file of the
 * exercises touched. Each of those is replaced by one rename too, and `goal` goes by one.
 */
export interface State {
  number: number
  /** Before which it was kept, such as `solve 03`. */
  command: string
  /** ISO 8601. */
  at: string
  /** The fingerprints of all that was there, by path below `exercises/`. */
  files: Record<string, string>
  /** What the command meant to put there, and null for what it meant to remove. */
  goal: Record<string, string | null>
}

/** Contents by path below `exercises/`. */
export type Contents = Map<string, Content>

/** The chapter's folder in which a path below `exercises/` is. */
export const chapterIn = (path: string): string => path.split('/')[0]!
export const chaptersIn = ({ goal }: State): string[] => [...new Set(Object.keys(goal).map(chapterIn))]

/** Below the root, with forward slashes. */
export const nameOf = ({ number }: Pick<State, 'number'>): string => `.workshop/kept/${number}`
export const folderOf = (base: string, state: Pick<State, 'number'>): string => join(base, nameOf(state))
const scrap = (base: string) => join(base, '.workshop/new')

/** The numbers of all kept states, from the first on. */
export function numbersIn(base: string): number[] {
  const folder = join(base, '.workshop/kept')
  const numbers = existsSync(folder) ? readdirSync(folder).map(Number) : []
  return numbers.filter(Number.isInteger).toSorted((a, b) => a - b)
}

/** @throws {Trouble} when there is no such state, or it is no longer what was kept. */
export function readState(base: string, number: number): State {
  const name = nameOf({ number })
  if (!existsSync(join(base, name)))
    throw new Trouble(`Nothing is kept as ${number}. "npm run undo list" shows what is.`)
  try {
    const state = { ...JSON.parse(readFileSync(join(base, name, 'state.json'), 'utf8')), number } as State
    for (const [path, kept] of Object.entries(state.files))
      if (fingerprint(read(join(base, name, path))) !== kept) throw new Error(`${path} is not what was kept`)
    return state
  } catch (error) {
    throw new Trouble(
      `${name} cannot be brought back: ${(error as Error).message}. Copy what you need from that folder by hand, and ` +
        'move it away; "npm run undo list" shows what else is kept.',
      { cause: error },
    )
  }
}

/** Keeps what there is in these folders of the exercises, with the goal beside it: from here on the command is begun. */
export function keep(base: string, command: string, folders: string[], goal: Contents): State {
  discard(base)
  const [folder, exercises] = [scrap(base), join(base, 'exercises')]
  const state: State = {
    number: (numbersIn(base).at(-1) ?? 0) + 1,
    command,
    at: new Date().toISOString(),
    files: {},
    goal: {},
  }
  for (const path of folders.flatMap((name) => filesIn(exercises, name))) {
    const content = read(join(exercises, path))!
    write(join(folder, path), content)
    state.files[path] = fingerprint(content)!
  }
  // There even when nothing waits in it, as when a file is to be removed.
  mkdirSync(join(folder, 'goal'), { recursive: true })
  for (const [path, content] of goal) {
    state.goal[path] = fingerprint(content)
    if (content && state.goal[path] !== state.files[path]) write(join(folder, 'goal', path), content)
  }
  write(join(folder, 'state.json'), Buffer.from(JSON.stringify(state, null, 2)))
  for (const path of foldersIn(folder)) flushFolder(path)
  mkdirSync(join(base, '.workshop/kept'), { recursive: true })
  move(folder, folderOf(base, state))
  flushFolder(join(base, '.workshop/kept'))
  return state
}

/** Throws away, and be it half of a state that was never finished; what a path leads to is gone at once, or not at all. */
export function discard(base: string, path = scrap(base)): void {
  if (path !== scrap(base)) {
    discard(base)
    move(path, scrap(base))
  }
  rmSync(scrap(base), { recursive: true, force: true, maxRetries: 10 })
}

/** How it was when the state was kept: the goal of whoever wants it back. */
export function before(base: string, { number, files, goal }: State): Contents {
  const paths = new Set([...Object.keys(goal), ...Object.keys(files)])
  // What is given to everybody comes back when it is gone, but an old suite does not replace a newer one.
  const mayReplace = (path: string) => !isGiven(basename(path)) || !existsSync(join(base, 'exercises', path))
  const content = (path: string) => (path in files ? read(join(folderOf(base, { number }), path)) : undefined)
  return new Map([...paths].filter(mayReplace).map((path) => [path, content(path)]))
}

const entriesIn = (folder: string) => readdirSync(folder, { recursive: true, withFileTypes: true })
const pathTo = (entry: Dirent) => join(entry.parentPath, entry.name)

/** All files and links below a chapter's folder, without what editors, systems and package managers put there. */
const filesIn = (exercises: string, folder: string): string[] =>
  entriesIn(join(exercises, folder))
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(exercises, pathTo(entry)).replaceAll('\\', '/'))
    .filter((path) => !/(^|\/)(\.|node_modules\/)/.test(path))

const foldersIn = (folder: string): string[] => [
  folder,
  ...entriesIn(folder)
    .filter((entry) => entry.isDirectory())
    .map(pathTo),
]
