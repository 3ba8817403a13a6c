import { defineConfig } from 'vitest/config'
import { solution, suiteOptions, suiteProject } from '../projects.ts'
import { root, targetOf } from '../target.ts'
import { MUTATED } from './stryker.ts'

// Loaded inside of Stryker's sandbox, a copy of the repository, which is then the root.
export default defineConfig({
  root,
  ...solution,
  // The cache on disk would remember files of sandboxes that are no more.
  test: { ...suiteOptions, ...suiteProject(targetOf(process.env[MUTATED]!)!).test, fsModuleCache: false },
})
