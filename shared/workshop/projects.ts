import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import { pathOf, projectOf, root, type Target } from './target.ts'

/** `#chapters/*` is the attendee's code by default, and the solution under this condition (see package.json#imports). */
export const solution = { resolve: { conditions: ['solution'] }, ssr: { resolve: { conditions: ['solution'] } } }

/** What every suite runs under, whoever runs it. */
export const suiteOptions = {
  setupFiles: ['watchdog', 'leaks'].map((name) => join(root, `shared/testing/${name}.ts`)),
  // Nobody wants to look at a test that hangs for longer; a machine that nobody looks at may be a busy one.
  testTimeout: process.env.CI ? 20_000 : 5_000,
  // For processes that start on a busy machine.
  hookTimeout: 30_000,
  // The default; said so that Vitest does not advise against it after every run.
  isolate: true,
  // Suites mostly wait for the event loop to turn, so even a small machine runs two of them at once.
  maxWorkers: Math.max(2, availableParallelism()),
}

/** The one suite of a chapter, against the attendee's code or the solution. */
export function suiteProject(target: Target): TestProjectInlineConfiguration {
  const include = [`${pathOf({ ...target, subject: 'exercises' })}/*.test.ts`]
  return { ...(target.subject === 'solutions' ? solution : {}), test: { name: projectOf(target), include } }
}

/**
 * A run of these chapters and of nothing else. (Of all that vitest.config.ts names, Vitest would resolve every project,
 * and look only then at which of them it was asked for.)
 */
export const chapterRun = (targets: Target[]) => ({
  ...suiteOptions,
  projects: targets.map(suiteProject),
})
