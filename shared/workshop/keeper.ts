import type { Reporter, TestModule, TestSpecification, Vitest } from 'vitest/node'
import { fingerprintOf, keepProgress } from './progress.ts'
import { targetOf } from './target.ts'

/** Prints nothing, and remembers how the attendee's chapters stand, whichever command has run their suites. */
export default class ProgressKeeper implements Reporter {
  #vitest!: Vitest
  /** As the code was when the run began: whoever saves during it has not been tested. */
  readonly #fingerprints = new Map<string, string>()

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunStart(specifications: readonly TestSpecification[]): void {
    for (const { name } of new Set(specifications.map(({ project }) => project)))
      this.#fingerprints.set(name, fingerprintOf(targetOf(name)!.chapter))
  }

  async onTestRunEnd(_modules: readonly TestModule[], uncaught: readonly { message: string }[]): Promise<void> {
    // Not only this run's: when watching, a save runs the files that it concerns again, and the others still hold.
    const byProject = Map.groupBy(this.#vitest.state.getTestModules(), ({ project }) => project)
    for (const [project, modules] of byProject) {
      const { chapter, subject } = targetOf(project.name)!
      const fingerprint = this.#fingerprints.get(project.name)
      const { testFiles } = await project.globTestFiles()
      if (subject === 'exercises' && fingerprint && modules.length === testFiles.length)
        keepProgress(chapter, { modules, uncaught, fingerprint })
    }
  }
}
