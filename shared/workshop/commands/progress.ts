import { styleText } from 'node:util'
import { type Chapter, chapters, chaptersByDay, type Day, days, headingsOf } from '../../manifest/chapters.ts'
import { isDone, readProgress } from '../../manifest/progress.ts'
import { refresh } from '../refresh.ts'
import { isWritten, takeTargets } from '../../manifest/target.ts'

/** The board of all chapters, or of those named: what is green, what is next, and about how long that takes. */
export async function run(args: string[]): Promise<void> {
  const named = takeTargets(args).targets.map(({ chapter }) => chapter)
  const some = (named.length > 0 ? named : chapters).filter((chapter) => isWritten(chapter))
  await refresh(some)
  for (const line of progressBoard(some)) console.log(line)
}

function progressBoard(some: Chapter[]): string[] {
  const next = some.find((chapter) => !isDone(chapter))
  const after = next ? whatIsNext(next) : ['🏆 All core steps of all chapters are green.']
  return ['', ...progressRows(some), '', ...after, '']
}

/** A line for each chapter, below its day; as it is known, fresh or not. */
export function progressRows(some: Chapter[]): string[] {
  const width = Math.max(...some.map(({ title }) => title.length))
  const next = some.find((chapter) => !isDone(chapter))
  const row = (chapter: Chapter) => {
    const mark = isDone(chapter) ? styleText('green', '✓') : chapter === next ? styleText('yellow', '▸') : ' '
    const left = minutesLeft(chapter)
    const minutes = didNotRun(chapter)
      ? `  did not run: npm test ${chapter.number}`
      : left > 0
        ? `  about ${left} min left`
        : ''
    return `${mark} ${chapter.number} ${chapter.title.padEnd(width)}  ${barOf(chapter)}${minutes}`
  }
  const byDay = chaptersByDay(some)
  // One day needs no name.
  const head = (day: Day) => (byDay.length > 1 ? [styleText('dim', `  Day ${day}: ${days[day].toLowerCase()}`)] : [])
  return byDay.flatMap(([day, ofDay]) => [...head(day), ...ofDay.map(row)])
}

const stepsOf = (chapter: Chapter) => {
  const known = readProgress(chapter)?.steps
  return chapter.steps.map((step, index) => ({
    ...step,
    heading: headingsOf(chapter)[index]!,
    state: known?.[index]?.state,
  }))
}

/** `■■□□□□ 2/6  to spare □□□□ 0/4` */
export const barOf = (chapter: Chapter): string =>
  `${bar(chapter, false)}  ${styleText('dim', 'to spare')} ${bar(chapter, true)}`

/** A sign for each step, told apart by shape as well as by colour, and how many are green. */
function bar(chapter: Chapter, spare: boolean): string {
  const steps = stepsOf(chapter).filter((step) => Boolean(step.spare) === spare)
  const green = steps.filter(({ state }) => state === 'green')
  const signs = steps.map(({ state }) => (state === 'green' ? styleText('green', '■') : state === 'red' ? '□' : '·'))
  const count = readProgress(chapter)?.broken === undefined ? green.length : '?'
  return `${signs.join('')} ${count}/${steps.length}`
}

const didNotRun = (chapter: Chapter) => stepsOf(chapter).some(({ spare, state }) => !spare && state === 'unknown')

const minutesLeft = (chapter: Chapter) =>
  stepsOf(chapter).reduce((sum, { spare, state, minutes }) => sum + (spare || state === 'green' ? 0 : minutes), 0)

function whatIsNext(chapter: Chapter): string[] {
  const { number } = chapter
  const broken = readProgress(chapter)?.broken
  if (broken !== undefined) return [`Next   chapter ${number} does not run: ${broken}`, `       npm test ${number}`]
  const step = stepsOf(chapter).find(({ spare, state }) => !spare && state !== 'green')!
  return [
    `Next   chapter ${number}, ${styleText('bold', step.heading)}, about ${step.minutes} min`,
    `       npm run watch ${number}`,
  ]
}
