import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'

/** What a mutation testing report tells of a mutant: lines and columns count from 1. */
export interface Mutant {
  fileName: string
  location: Record<'start' | 'end', { line: number; column: number }>
  replacement: string
  status: string
}

/** A mutant that no test has seen. */
export interface Survivor {
  /** As in the manifest: `retry.ts`. */
  file: string
  line: number
  /** The line with what was changed in it, `if ([left > 0 → left >= 0]) return`: other than its number, it does not drift. */
  mutation: string
}

/** Of each file its mutations that no test can or should see, and why. */
export type Explanations = Record<string, Record<string, string>>

/** Of what was changed, and of what it became; a whole function is told by its beginning. */
const LONGEST = 80
const short = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text)
const inline = (text: string) => text.replaceAll(/\s+/g, ' ')

/** @param source the file's text before it was mutated */
export function survivorOf({ fileName, location: { start, end }, replacement }: Mutant, source: string): Survivor {
  const lines = source.split(/\r?\n/).slice(start.line - 1, end.line)
  const before = lines[0]!.slice(0, start.column - 1)
  const after = lines.at(-1)!.slice(end.column - 1)
  lines[lines.length - 1] = lines.at(-1)!.slice(0, end.column - 1)
  const original = lines.join(' ').slice(before.length)
  // Stryker writes its strings as "", which JSON would have to escape.
  const replaced = inline(replacement).replaceAll('"', "'")
  const mutation = `${before}[${short(inline(original))} → ${short(replaced)}]${after}`
  return { file: basename(fileName), line: start.line, mutation: inline(mutation).trim() }
}

/**
 * @param timedOut are no proof against an explanation: on a busy machine a survivor may time out
 * @returns the survivors that nobody has explained, and the explanations of what has not survived
 */
export function compare(survivors: Survivor[], explanations: Explanations, timedOut: Survivor[] = []) {
  const listed = Object.entries(explanations).flatMap(([file, reasons]) =>
    Object.keys(reasons).map((mutation) => ({ file, mutation })),
  )
  const alive = [...survivors, ...timedOut]
  return {
    unexplained: survivors.filter(({ file, mutation }) => !explanations[file]?.[mutation]?.trim()),
    outdated: listed.filter((it) => !alive.some(({ file, mutation }) => it.file === file && it.mutation === mutation)),
  }
}

/**
 * Reads the survivors.json of a folder below `base`.
 *
 * @throws {Trouble} when it is not JSON
 */
export function readExplanations(folder: string, base = root): Explanations {
  const file = join(base, folder, 'survivors.json')
  try {
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  } catch (error) {
    throw new Trouble(`${folder}/survivors.json is not JSON: ${(error as Error).message}`)
  }
}

/** Writes the folder's survivors.json anew: what has a reason keeps it, and what is new gets an empty one. */
export function recordSurvivors(folder: string, survivors: Survivor[], base = root): void {
  const known = readExplanations(folder, base)
  const explanations: Explanations = {}
  for (const { file, mutation } of survivors) (explanations[file] ??= {})[mutation] = known[file]?.[mutation] ?? ''
  writeFileSync(join(base, folder, 'survivors.json'), `${JSON.stringify(explanations, null, 2)}\n`)
}
