/*
 * The formats of a written chapter, NN-slug, which the gate holds it to (CONTRIBUTING.md tells how one is made):
 *
 * exercises/NN-slug/
 *   the files of the manifest   the skeleton: naive, type-checked, and red in every test of the suite
 *   *.test.ts                   describe('Step 1: <title>', …) for each step, in it test('<sentence>', …), each name once a chapter
 *   README.md                   "### Step 1: <title>", core steps below "## Steps", spare ones below "## Time to spare?";
 *                               each lists its tests, one "- `<sentence>`" a line
 *   hints.md                    "## Step 1: <title>" and three <details><summary>💡 A nudge | The API | Nearly the code</summary>
 *   red.json                    { "Step 1: <title> > <sentence>": "<part of the message with which it fails on the skeleton>" }
 *   demo.ts                     its "See it fail", where that takes more than a curl: `npm run demo NN`
 * solutions/NN-slug/
 *   the same files              green
 *   NOTES.md                    why it is so and not otherwise
 *   skeleton.json               a copy of the skeleton, for `npm run reset NN`; `npm run check -- --record NN` writes it
 *   survivors.json              { "retry.ts": { "if ([left > 0 → left >= 0]) return": "<why no test can see that change>" } };
 *                               `npm run mutation NN` holds it to that
 *   mistakes/*.ts               twelve or more wrong answers; a leading comment with the lines "Mistake: <what>",
 *                               "Replaces: <file of the solution>" and "Killed by: <sentence>"
 *   mistakes/*.diff             the same three lines, and what is changed in that file: hunks of "@@", and lines of " ", "-", "+"
 *   variants/*.ts, *.diff       right answers of another shape, which the suite must accept; "Replaces: <file>"
 */
import type { TestCase } from 'vitest/node'
import { type Chapter, folderOf } from '../../manifest/chapters.ts'
import { checkSkeleton } from '../../manifest/skeletons.ts'
import { isWritten, projectOf, type Subject } from '../../manifest/target.ts'
import { checkFiles } from './files.ts'
import type { Findings } from '../../manifest/findings.ts'
import { readStandIns, type StandIn } from './stand-ins.ts'
import { openSuites, type Run } from './suites.ts'
import { checkGreen, checkKilled, checkRed, record } from './tests.ts'
import { checkTexts } from './texts.ts'

const MISTAKES = 12

/** Says what was checked, how much of it is in order, and how long it took. */
export type Progress = (what: string, work: () => void | Promise<void>) => Promise<void>

/** Holds each of the chapters to its formats, and to its word. */
export async function checkChapters(
  root: string,
  chapters: Chapter[],
  findings: Findings,
  progress: Progress,
): Promise<void> {
  const written = chapters.filter((chapter) => isWritten(chapter, root))
  const mistakes: StandIn[] = []
  const variants: StandIn[] = []
  await progress('files, and headers of mistakes', () => {
    for (const chapter of chapters) checkFiles(root, chapter, findings)
    for (const chapter of written) {
      checkSkeleton(root, chapter, findings)
      const own = readStandIns(root, chapter, 'mistakes', findings)
      mistakes.push(...own)
      variants.push(...readStandIns(root, chapter, 'variants', findings))
      const folder = `solutions/${folderOf(chapter)}/mistakes`
      findings.check(
        own.length >= MISTAKES,
        folder,
        `has ${own.length} mistakes with a proper header: a suite is tried on ${MISTAKES} or more`,
      )
    }
  })

  const suites = await openSuites(root, written, [...mistakes, ...variants])
  const subject = (of: Subject) => written.map((chapter) => projectOf({ chapter, subject: of }))
  const failUncaught = (uncaught: string[], where: string) => {
    for (const error of uncaught) findings.check(false, where, `throws an error that no test catches: ${error}`)
  }
  try {
    let solved = new Map<string, Run>()
    await progress('solutions green, variants too', async () => {
      const { runs, uncaught } = await suites.run([...subject('solutions'), ...variants.map(({ path }) => path)])
      solved = runs
      for (const [name, run] of runs) checkGreen(run, name, findings)
      failUncaught(uncaught, 'solutions')
    })

    await progress('skeletons red, for the stated reason', async () => {
      const { runs, uncaught } = await suites.run(subject('exercises'))
      for (const chapter of written) checkRed(root, chapter, runs.get(folderOf(chapter))!, findings)
      failUncaught(uncaught, 'exercises')
    })

    await progress('mistakes killed', async () => {
      const named = new Map<string, TestCase>()
      for (const { chapter, path, killedBy } of mistakes) {
        const test = solved
          .get(projectOf({ chapter, subject: 'solutions' }))!
          .tests.find(({ name }) => name === killedBy)
        if (test) named.set(path, test)
        else findings.check(false, path, `"Killed by: ${killedBy}" is no test of the suite`)
      }
      const { runs } = await suites.run([...named.keys()], (path) => named.get(path)!)
      for (const mistake of mistakes.filter(({ path }) => named.has(path)))
        checkKilled(mistake, runs.get(mistake.path)!, findings)
    })

    await progress('README, hints, suite and manifest agree', () => {
      for (const chapter of written)
        checkTexts(root, chapter, solved.get(projectOf({ chapter, subject: 'solutions' }))!, findings)
    })
  } finally {
    await suites.close()
  }
}

/** Writes down how the skeletons of these chapters fail. @returns the files written. */
export async function recordReasons(root: string, chapters: Chapter[]): Promise<string[]> {
  const suites = await openSuites(root, chapters, [])
  try {
    const { runs } = await suites.run(chapters.map(folderOf))
    return chapters.map((chapter) => record(root, chapter, runs.get(folderOf(chapter))!))
  } finally {
    await suites.close()
  }
}
