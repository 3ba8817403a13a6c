import { existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Trouble } from '../../core/trouble.ts'
import { move } from '../../core/move.ts'
import { explain, fingerprint, read } from './content.ts'
import { alone } from './lock.ts'
import {
  chapterIn,
  type Contents,
  discard,
  folderOf,
  keep,
  nameOf,
  numbersIn,
  readState,
  type State,
} from './states.ts'

/**
 * Does `work`, which may call `change`, while no other command changes anything. What a command that was killed has
 * left half done is finished before, and told.
 * @throws {Trouble} when another command takes its time, or the disk objects.
 */
export async function changing<T>(base: string, work: () => T): Promise<T> {
  try {
    return await alone(base, () => {
      recover(base)
      return work()
    })
  } catch (error) {
    throw explain(error, base, 'Nothing was changed.')
  }
}

/**
 * Keeps the chapters' folders in which something will change, then makes them what the goal says.
 * @returns the kept state, or undefined when all is as it should be, and there was nothing to do.
 * @throws {Trouble} when the disk objects, or a file is saved by somebody else at the same time.
 */
export function change(base: string, command: string, goal: Contents): State | undefined {
  const changing = [...goal].filter(([path, content]) => printAt(base, path) !== fingerprint(content))
  const folders = new Set(changing.map(([path]) => chapterIn(path)))
  if (folders.size === 0) return undefined
  let state: State | undefined
  try {
    state = keep(base, command, [...folders], new Map([...goal].filter(([path]) => folders.has(chapterIn(path)))))
    const edited = finish(base, state)
    if (edited.length > 0)
      throw new Trouble(`${edited.join(', ')} was saved by something else at this very moment: try again.`)
    return state
  } catch (error) {
    if (state && !isUntouched(base, state))
      throw explain(error, base, `Until then "${command}" is half done; what you had is in ${nameOf(state)}.`)
    discard(base, state && folderOf(base, state))
    throw explain(error, base, 'Nothing was changed.')
  }
}

/** Finishes what was interrupted, unless somebody has worked on it since: then it stays as it is. */
function recover(base: string): void {
  const number = numbersIn(base).at(-1)
  if (number === undefined || !existsSync(goalOf(base, { number }))) return
  const state = readState(base, number)
  try {
    const edited = finish(base, state)
    if (edited.length > 0) discard(base, goalOf(base, state))
    const end =
      edited.length > 0
        ? `had been interrupted, and stays half done, as ${edited.join(', ')} was saved since`
        : 'had been interrupted; it is finished now'
    console.log(`"${state.command}" ${end}. What you had before is in ${nameOf(state)}.`)
  } catch (error) {
    throw explain(error, base, `"${state.command}" had been interrupted; what you had before is in ${nameOf(state)}.`)
  }
}

/** Moves everything from `goal` to its place. @returns what is neither as it was kept nor as it should be: then it stops. */
function finish(base: string, state: State): string[] {
  const staged = (path: string) => join(goalOf(base, state), path)
  const isEdited = (path: string) =>
    printAt(base, path) !== keptPrint(state, path) ||
    // It was moved, and somebody has put back the old one since.
    (state.goal[path] !== null && !lstatSync(staged(path), { throwIfNoEntry: false }))

  const paths = Object.keys(state.goal).filter((path) => printAt(base, path) !== state.goal[path])
  const edited = paths.filter(isEdited)
  if (edited.length > 0) return edited
  for (const path of paths) {
    // Again, as an editor may save at any moment.
    if (isEdited(path)) return [path]
    const place = join(base, 'exercises', path)
    mkdirSync(dirname(place), { recursive: true })
    if (state.goal[path] === null) rmSync(place)
    else move(staged(path), place)
  }
  discard(base, goalOf(base, state))
  return []
}

const goalOf = (base: string, state: Pick<State, 'number'>) => join(folderOf(base, state), 'goal')
const printAt = (base: string, path: string) => fingerprint(read(join(base, 'exercises', path)))
const keptPrint = ({ files }: State, path: string) => files[path] ?? null
const isUntouched = (base: string, state: State) =>
  Object.keys(state.goal).every((path) => printAt(base, path) === keptPrint(state, path))
