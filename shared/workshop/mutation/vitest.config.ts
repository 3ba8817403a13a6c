import { defineConfig } from 'vitest/config'
import { solution, suiteProject } from '../../testing/projects.ts'
import { root, targetOf } from '../../manifest/target.ts'
import { MUTATED } from './stryker.ts'

// Loaded inside of Stryker's sandbox, a copy of the repository, which is then the root.
export default defineConfig({
  root,
  ...solution,
  test: {
    ...suiteProject(targetOf(process.env[MUTATED]!)!).test,
    // The cache on disk would remember files of sandboxes that are no more.
    fsModuleCache: false,
    // Code that counts where it has been takes longer, and on a busy machine a test that is merely late is no kill.
    testTimeout: 10_000,
  },
})
