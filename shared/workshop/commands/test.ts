import { chapterRun } from '../chapter-run.ts'
import ChapterReporter from '../reporter.ts'
import { takeTargets } from '../../manifest/target.ts'
import { vitest } from '../vitest.ts'

/** With a chapter: its suite against your code. Without: everything against the solutions, to see that the machine is ready. */
export async function run(args: string[]): Promise<void> {
  const { targets, rest } = takeTargets(args)
  if (targets.length === 0) return vitest(['--project=solutions/*', '--project=workshop', ...rest])
  await vitest(rest, chapterRun(targets), new ChapterReporter())
}
