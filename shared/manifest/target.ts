import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Chapter, chapters, folderOf } from './chapters.ts'
import { Trouble } from '../core/trouble.ts'

/** The repository. */
export const root = join(import.meta.dirname, '../..')

/** Whose code a suite runs against. */
export type Subject = 'exercises' | 'solutions'

export interface Target {
  chapter: Chapter
  subject: Subject
}

/** Where the target's files are, below the root. */
export const pathOf = ({ chapter, subject }: Target): string => `${subject}/${folderOf(chapter)}`

/** The target's Vitest project; `targetOf` reads it back. */
export const projectOf = (target: Target): string =>
  target.subject === 'exercises' ? folderOf(target.chapter) : pathOf(target)

/** What `1`, `01`, `timeouts`, `01-timeouts`, `solutions/01-timeouts` or a path further down means. */
export function targetOf(text: string, among = chapters): Target | undefined {
  const [first = '', second, ...deeper] = text.split(/[\\/]/).filter((part) => part && part !== '.')
  const inTree = first === 'exercises' || first === 'solutions'
  const name = inTree ? second : first
  if (!inTree && (second || deeper.length > 0)) return undefined
  const chapter = among.find((it) => [it.number, String(Number(it.number)), it.slug, folderOf(it)].includes(name ?? ''))
  return chapter && { chapter, subject: inTree ? first : 'exercises' }
}

/** A chapter without a suite is announced, but not written. */
export function isWritten(chapter: Chapter, base = root): boolean {
  const folder = join(base, 'exercises', folderOf(chapter))
  return existsSync(folder) && readdirSync(folder).some((file) => file.endsWith('.test.ts'))
}

const list = (some: Chapter[]) => some.map(({ number, slug }) => `${number} ${slug}`).join(', ')

/**
 * Takes the chapters from the front of a command's arguments; without any, the chapter in whose folder the command
 * was typed (npm runs every script at the root, and tells where it came from in INIT_CWD).
 * @throws {Trouble} for a chapter that does not exist, or is not written yet.
 */
export function takeTargets(args: string[]): { targets: Target[]; rest: string[] } {
  const notOne = args.findIndex((arg) => arg.startsWith('-') || !targetOf(arg))
  const count = notOne < 0 ? args.length : notOne
  const rest = args.slice(count)
  if (count === 0 && rest[0] && !rest[0].startsWith('-'))
    throw new Trouble(`There is no chapter "${rest[0]}". There are: ${list(chapters)}.`)

  const here = relative(realpathSync(root), realpathSync(process.env.INIT_CWD ?? process.cwd()))
  const targets = (count > 0 ? args.slice(0, count) : [here]).flatMap((text) => targetOf(text) ?? [])
  const unwritten = targets.find(({ chapter }) => !isWritten(chapter))
  if (unwritten) {
    const { number, title } = unwritten.chapter
    const written = chapters.filter((chapter) => isWritten(chapter))
    throw new Trouble(`Chapter ${number}, ${title}, is not written yet. Ready to be solved: ${list(written)}.`)
  }
  return { targets, rest }
}
