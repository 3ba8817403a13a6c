import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pathOf, root, type Target } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'
import type { Mutant } from './survivors.ts'

/** Names the folder whose suite is to run; all that reaches the Vitest that Stryker's runner starts. */
export const MUTATED = 'FAIL_WELL_MUTATED'

const packages = join(root, 'shared/maintainers/mutation/node_modules/@stryker-mutator')

/**
 * Changes the target's files, one place at a time, in a copy of the repository, and runs its suite on each change.
 *
 * @throws {Trouble} when Stryker gives up, such as on a suite that is red to begin with
 */
export async function mutate(target: Target): Promise<Mutant[]> {
  const { Stryker } = await import(pathToFileURL(join(packages, 'core/dist/src/index.js')).href)
  process.chdir(root)
  process.env[MUTATED] = pathOf(target)
  const stryker = new Stryker({
    mutate: target.chapter.files.map((file) => `${pathOf(target)}/${file}`),
    plugins: [join(packages, 'vitest-runner/dist/src/index.js')],
    testRunner: 'vitest',
    // Forks, as Vitest has it by default: a thread has no time zone of its own. A change is not in force in processes
    // that a test starts by itself; what only those could see survives.
    vitest: { configFile: 'shared/workshop/mutation/vitest.config.ts', pool: 'forks' },
    // It would rewrite tsconfig.json by an API that TypeScript 7 has no more; nothing here needs it to.
    tsconfigFile: 'none',
    concurrency: Math.max(2, availableParallelism()),
    // More than a test's own limit: what ends here never lets go of the event loop.
    timeoutMS: 15_000,
    reporters: [process.stdout.isTTY ? 'progress' : 'progress-append-only'],
    logLevel: 'warn',
    cleanTempDir: 'always',
  })
  try {
    return await stryker.runMutationTest()
  } catch {
    throw new Trouble(`Stryker gave up, and says why above. Is "npm test ${pathOf(target)}" green?`)
  }
}
