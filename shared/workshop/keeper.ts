import type { Reporter, TestModule, TestRunEndReason, TestSpecification, Vitest } from 'vitest/node'
import { boardOf, isDeath, type StepState } from './board.ts'
import type { Chapter } from '../manifest/chapters.ts'
import { fingerprintOf, type Known, readProgress, type StepProgress, writeProgress } from '../manifest/progress.ts'
import { targetOf } from '../manifest/target.ts'
import { announce } from '../room/announce.ts'

/** Prints nothing, and remembers how the attendee's chapters stand, whichever command has run their suites. */
export default class ProgressKeeper implements Reporter {
  #vitest!: Vitest
  /** By project: its files, and how the code was when the run began, since what is saved during it is not tested. */
  readonly #begun = new Map<string, { files: number; fingerprint: string }>()

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunStart(specifications: readonly TestSpecification[]): Promise<void> {
    for (const project of new Set(specifications.map((specification) => specification.project))) {
      const { testFiles } = await project.globTestFiles()
      const fingerprint = fingerprintOf(targetOf(project.name)!.chapter)
      this.#begun.set(project.name, { files: testFiles.length, fingerprint })
    }
  }

  async onTestRunEnd(
    _modules: readonly TestModule[],
    uncaught: readonly { message: string }[],
    reason: TestRunEndReason,
  ): Promise<void> {
    // With -t, or when somebody could not wait, what did not run says nothing.
    if (reason === 'interrupted' || this.#vitest.config.testNamePattern) return
    // Not only this run's: when watching, a save runs the files that it concerns again, and the others still hold.
    const byProject = Map.groupBy(this.#vitest.state.getTestModules(), ({ project }) => project.name)
    for (const [name, modules] of byProject) {
      const { chapter, subject } = targetOf(name)!
      const { files, fingerprint } = this.#begun.get(name)!
      if (subject === 'exercises' && modules.length === files) keepProgress(chapter, { modules, uncaught, fingerprint })
    }
    // When the other reporters have put their results on the screen, which they do in this turn of the loop.
    await new Promise((resolve) => setImmediate(resolve))
    announce()
  }
}

interface WholeRun {
  modules: readonly TestModule[]
  /** Errors that no test caught. */
  uncaught: readonly { message: string }[]
  fingerprint: string
}

/** What the watchdog has found, in the short words of a board. */
const ENDLESS = { message: 'a test did not come to its end; is there a loop that never awaits?' }

/** Remembers what a run of the whole suite has shown. */
function keepProgress(chapter: Chapter, { modules, uncaught, fingerprint }: WholeRun): void {
  const { broken, board } = boardOf(chapter, modules)
  const isGreen = board.every(({ state }) => state === 'green')
  const death = uncaught.some(isDeath) ? ENDLESS : undefined
  const error = broken[0]?.errors()[0] ?? death ?? (isGreen ? uncaught[0] : undefined)
  const unknown: StepProgress = { state: 'unknown', passed: 0, total: 0 }
  const steps = board.map(({ state, tests, passed }): StepProgress =>
    error ? unknown : { state, passed: passed.length, total: tests.length },
  )
  const broke = error && { broken: error.message.split('\n')[0]! }
  const at = new Date().toISOString()
  const before = readProgress(chapter)?.known
  const known = error ? before : whatIsKnown(board, at, before)
  writeProgress(chapter, { at, fingerprint, steps, ...broke, ...(known && { known }) })
}

function whatIsKnown(board: StepState[], at: string, before?: Known): Known {
  const green = board.flatMap(({ state }, index) => (state === 'green' ? [index + 1] : []))
  const red = board.find(({ state }) => state === 'red')?.failed[0]?.name
  return { green, since: before?.green.join() === green.join() ? before.since : at, ...(red !== undefined && { red }) }
}
