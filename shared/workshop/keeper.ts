import type { Reporter, TestModule, TestSpecification, Vitest } from 'vitest/node'
import { fingerprintOf, keepProgress } from './progress.ts'
import { targetOf } from './target.ts'

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

  onTestRunEnd(_modules: readonly TestModule[], uncaught: readonly { message: string }[]): void {
    // Not only this run's: when watching, a save runs the files that it concerns again, and the others still hold.
    const byProject = Map.groupBy(this.#vitest.state.getTestModules(), ({ project }) => project.name)
    for (const [name, modules] of byProject) {
      const { chapter, subject } = targetOf(name)!
      const { files, fingerprint } = this.#begun.get(name)!
      if (subject === 'exercises' && modules.length === files) keepProgress(chapter, { modules, uncaught, fingerprint })
    }
  }
}
