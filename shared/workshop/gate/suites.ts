import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { createVitest, type TestCase, type TestModule } from 'vitest/node'
import type { Chapter } from '../../manifest/chapters.ts'
import { runOptions, suiteProject } from '../../testing/projects.ts'
import type { StandIn } from './stand-ins.ts'
import { rewrite, swap } from './swap.ts'

/** What became of one suite with one subject. */
export interface Run {
  modules: TestModule[]
  /** Those that were asked for. */
  tests: TestCase[]
  /** Those that were not, or had no turn before the run was cut short. */
  skipped: TestCase[]
  /** What went wrong beside the tests, such as a file that did not load. */
  errors: string[]
}

export interface Suites {
  /**
   * Runs the projects of these names, of each only the one test that `only` gives.
   * @returns the runs by project, and the errors that no test caught, which Vitest cannot tell whose they are.
   */
  run(names: string[], only?: (project: string) => TestCase): Promise<{ runs: Map<string, Run>; uncaught: string[] }>
  close(): Promise<void>
}

/** A suite that loops for ever blocks its worker's event loop, and with it every time limit of the tests. */
const SILENCE_MS = 60_000

/** All suites, with all that they are run against, as projects of one Vitest: so no core is ever idle. */
export async function openSuites(root: string, chapters: Chapter[], standIns: StandIn[]): Promise<Suites> {
  let heardAt = 0
  const hear = () => void (heardAt = performance.now())
  const absolute = (path: string) => join(root, path).replaceAll('\\', '/')

  const vitest = await createVitest('test', {
    root,
    config: false,
    watch: false,
    // The cache would remember for the solution what a suite imported of a mistake.
    fsModuleCache: false,
    reporters: [{ onTestModuleCollected: hear, onTestCaseResult: hear }],
    ...runOptions,
    projects: [
      ...chapters.map((chapter) => suiteProject({ chapter, subject: 'exercises' })),
      ...chapters.map((chapter) => suiteProject({ chapter, subject: 'solutions' })),
      ...standIns.map(({ chapter, path, replaces, code }) => {
        const solution = suiteProject({ chapter, subject: 'solutions' })
        return {
          ...solution,
          plugins: [code === undefined ? swap(absolute(replaces), absolute(path)) : rewrite(absolute(replaces), code)],
          test: { ...solution.test, name: path },
        }
      }),
    ],
  })

  async function run(names: string[], only?: (project: string) => TestCase): ReturnType<Suites['run']> {
    const projects = vitest.projects.filter(({ name }) => names.includes(name))
    const specifications = projects.map(async (project) => {
      const test = only?.(project.name)
      if (test) return project.createSpecification(test.module.moduleId, { testNames: [test.fullName] })
      const { testFiles } = await project.globTestFiles()
      return testFiles.map((file) => project.createSpecification(file))
    })
    hear()
    const watch = setInterval(() => {
      // Once is an invitation, twice is by force.
      if (performance.now() - heardAt > SILENCE_MS) void vitest.cancelCurrentRun('keyboard-input')
    }, 1_000)
    // What fails here is for the gate to judge; Vitest sets the exit code at once.
    const { exitCode } = process
    try {
      const result = await vitest.runTestSpecifications((await Promise.all(specifications)).flat())
      const modules = Map.groupBy(result.testModules, ({ project }) => project.name)
      return {
        runs: new Map(names.map((name) => [name, runOf(modules.get(name) ?? [])])),
        uncaught: result.unhandledErrors.map(messageOf),
      }
    } finally {
      clearInterval(watch)
      process.exitCode = exitCode
    }
  }

  return { run, close: () => vitest.close() }
}

function runOf(modules: TestModule[]): Run {
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  const { asked = [], skipped = [] } = Object.groupBy(tests, (test) => {
    return test.result().state === 'skipped' ? 'skipped' : 'asked'
  })
  const errors = modules.flatMap((module) =>
    module.errors().map((error) => `does not load (${module.relativeModuleId}): ${messageOf(error)}`),
  )
  // What had no turn before a run was cut short must not be taken for what had nothing to say.
  if (asked.length + errors.length === 0) errors.push('was not run: another run never ended, or no test was found')
  return { modules, tests: asked, skipped, errors }
}

/** The first line, without the colours. */
export function messageOf(error: unknown): string {
  const message = error instanceof Object && 'message' in error ? error.message : error
  return stripVTControlCharacters(String(message)).split('\n')[0]!
}
