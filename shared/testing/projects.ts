import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import { pathOf, projectOf, root, type Target } from '../manifest/target.ts'

/** `#chapters/*` is the attendee's code by default, and the solution under this condition (see package.json#imports). */
export const solution = { resolve: { conditions: ['solution'] }, ssr: { resolve: { conditions: ['solution'] } } }

const compileCache = new URL('../manifest/compile-cache.mjs', import.meta.url).href

/** What every suite is run under. Said for each project: what a run has Vitest hand down is only a part of it. */
export const suiteOptions = {
  setupFiles: ['watched', 'leaks', 'frames'].map((name) => join(root, `shared/testing/${name}.ts`)),
  // Nobody wants to look at a test that hangs for longer; a machine that nobody looks at may be a busy one.
  testTimeout: process.env.CI ? 20_000 : 5_000,
  // For processes that start on a busy machine.
  hookTimeout: 30_000,
}

/** What a run is under, whoever starts it. */
export const runOptions = {
  // The default; said so that Vitest does not advise against it after every run.
  isolate: true,
  // Suites mostly wait for the event loop to turn, so even a small machine runs two of them at once.
  maxWorkers: Math.max(2, availableParallelism()),
}

/** The one suite of a chapter, against the attendee's code or the solution. */
export function suiteProject(target: Target): TestProjectInlineConfiguration {
  const include = [`${pathOf({ ...target, subject: 'exercises' })}/*.test.ts`]
  return {
    ...(target.subject === 'solutions' ? solution : {}),
    test: { ...suiteOptions, name: projectOf(target), include, execArgv: ['--import', compileCache] },
  }
}
