import { startVitest } from 'vitest/node'
import type { Chapter } from '../manifest/chapters.ts'
import { isFresh } from '../manifest/progress.ts'
import { chapterRun } from './chapter-run.ts'

/** Runs the suites whose chapters have changed since they last ran: what is known of the others still holds. */
export async function refresh(chapters: Chapter[]): Promise<void> {
  const stale = chapters.filter((chapter) => !isFresh(chapter))
  if (stale.length === 0) return
  console.log(`Running the tests of ${stale.map(({ number }) => number).join(', ')} …`)
  const { exitCode } = process
  const vitest = await startVitest('test', [], {
    run: true,
    ...chapterRun(stale.map((chapter) => ({ chapter, subject: 'exercises' }))),
  })
  await vitest.close()
  // A red suite is what we wanted to know, and no failure of the command.
  process.exitCode = exitCode
}
