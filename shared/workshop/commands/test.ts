import { chapterRun } from '../chapter-run.ts'
import ChapterReporter from '../reporter.ts'
import { takeTargets } from '../../manifest/target.ts'
import { vitest } from '../vitest.ts'

/**
 * With a chapter: its suite against your code. Without: every suite against the solutions, and what of the workshop's own
 * tests says whether the machine is ready; in CI, those that take long, too.
 */
export async function run(args: string[]): Promise<void> {
  const { targets, rest } = takeTargets(args)
  const all = ['solutions/*', 'workshop', ...(process.env.CI ? ['long'] : [])].map((name) => `--project=${name}`)
  if (targets.length === 0) return vitest([...all, ...rest])
  await vitest(rest, chapterRun(targets), new ChapterReporter())
}
