import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chapter } from './chapters.ts'
import { recall, remember } from './home.ts'
import { pathOf, root } from './target.ts'

/** How a chapter stood when its whole suite last ran: what the tests said, and never a tick made by hand. */
export interface Progress {
  /** When, as an ISO date. */
  at: string
  /** Of the code that it is about. */
  fingerprint: string
  steps: StepProgress[]
  /** The first line of what kept the suite from loading or from ending, or of an error that no test caught. */
  broken?: string
  /** Of the latest run that was not broken: who has a syntax error has not lost what was green. */
  known?: Known
}

export interface Known {
  /** The numbers of the green steps, from 1. */
  green: number[]
  /** When the first run was that had just these green, as an ISO date. */
  since: string
  /** The first red test of the first red step, by its name. */
  red?: string
}

export interface StepProgress {
  state: 'green' | 'red' | 'unknown'
  passed: number
  total: number
}

const fileOf = (chapter: Chapter) => join('progress', `${chapter.number}.json`)

/** Changes with the chapter's code or with what it stands on: results under another one are out of date. */
export function fingerprintOf(chapter: Chapter, base = root): string {
  const folder = pathOf({ chapter, subject: 'exercises' })
  const files = globSync([`${folder}/**/*.ts`, 'shared/{core,testing}/**/*.ts'], { cwd: base }).toSorted()
  const hash = createHash('sha256')
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(base, file)))
      .update('\0')
  return hash.digest('hex')
}

/** The latest results, fresh or not; undefined when the suite has never run, or its steps were others then. */
export function readProgress(chapter: Chapter): Progress | undefined {
  const progress = recall<Progress>(fileOf(chapter))
  return progress?.steps?.length === chapter.steps.length ? progress : undefined
}

/** Whether the results are about the code as it is now. */
export const isFresh = (chapter: Chapter, progress = readProgress(chapter)): boolean =>
  progress?.fingerprint === fingerprintOf(chapter)

/** Remembers how the chapter stands. */
export const writeProgress = (chapter: Chapter, progress: Progress): void => remember(fileOf(chapter), progress)

/** How many hints of each step have been shown, by chapter and step, such as `03.0`: steps from 0. */
export type HintsShown = Record<string, number>
export const HINTS = 'hints.json'

/** How many hints of the chapter have been shown. */
export const hintsTaken = ({ number }: Chapter): number =>
  Object.entries(recall<HintsShown>(HINTS) ?? {}).reduce(
    (sum, [step, shown]) => sum + (step.startsWith(`${number}.`) ? shown : 0),
    0,
  )

/** All core steps are green, by what is known. */
export function isDone(chapter: Chapter): boolean {
  const steps = readProgress(chapter)?.steps
  return chapter.steps.every(({ spare }, index) => spare || steps?.[index]?.state === 'green')
}
