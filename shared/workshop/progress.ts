import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestModule } from 'vitest/node'
import { boardOf } from './board.ts'
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
  /** The first line of what kept the suite from loading, or of an error that no test caught: the steps are unknown. */
  broken?: string
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

interface WholeRun {
  modules: readonly TestModule[]
  /** Errors that no test caught. */
  uncaught: readonly { message: string }[]
  fingerprint: string
}

/** Remembers what a run of the whole suite has shown; of one that did not get to its end, nothing. */
export function keepProgress(chapter: Chapter, { modules, uncaught, fingerprint }: WholeRun): void {
  const { broken, whole, board } = boardOf(chapter, modules)
  const isGreen = board.every(({ state }) => state === 'green')
  const error = broken[0]?.errors()[0] ?? (isGreen ? uncaught[0] : undefined)
  if (!whole && !error) return
  const unknown: StepProgress = { state: 'unknown', passed: 0, total: 0 }
  const steps = board.map(({ state, tests, passed }): StepProgress =>
    error ? unknown : { state, passed: passed.length, total: tests.length },
  )
  const broke = error && { broken: error.message.split('\n')[0]! }
  remember(fileOf(chapter), { at: new Date().toISOString(), fingerprint, steps, ...broke } satisfies Progress)
}

/** All core steps are green, by what is known. */
export function isDone(chapter: Chapter): boolean {
  const steps = readProgress(chapter)?.steps
  return chapter.steps.every(({ spare }, index) => spare || steps?.[index]?.state === 'green')
}
