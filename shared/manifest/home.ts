import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { move } from '../core/move.ts'
import { root } from './target.ts'

/** What the commands remember between two runs. Not in node_modules, which a clean install empties. */
export const home = join(root, '.workshop')

/** What was written there, or undefined: also when it cannot be read, since all of it can be found out again. */
export function recall<T>(file: string, base = home): T | undefined {
  try {
    return JSON.parse(readFileSync(join(base, file), 'utf8')) as T
  } catch {
    return undefined
  }
}

/** By renaming, so that nobody ever reads half of it. */
export function remember(file: string, value: unknown, base = home): void {
  const path = join(base, file)
  mkdirSync(dirname(path), { recursive: true })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, JSON.stringify(value))
  move(draft, path)
}
