import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { type Chapter, chapters, headingsOf } from '../../manifest/chapters.ts'
import { forTerminal, readHints, TIERS } from '../hints.ts'
import { recall, remember } from '../../manifest/home.ts'
import { HINTS, type HintsShown, isDone, readProgress } from '../../manifest/progress.ts'
import { refresh } from '../refresh.ts'
import { pathOf, root, takeTargets } from '../../manifest/target.ts'
import { Trouble } from '../../core/trouble.ts'

/** The next hint for the first step that is still red, or for the one that is asked for. */
export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    // npm keeps an option that is typed without the `--` before it to itself, and passes it on like this.
    options: { step: { type: 'string', default: process.env.npm_config_step } },
  })
  // Without that `--`, "03 --step 2" arrives as "03 2".
  const [named, number = values.step] = positionals
  const [target] = takeTargets(named ? [named] : []).targets
  const chapter = target?.chapter ?? chapters.find((it) => !isDone(it)) ?? chapters.at(-1)!
  const step = number === undefined ? await firstRed(chapter) : stepNumbered(number, chapter)
  if (step === undefined) return console.log(`All steps of chapter ${chapter.number} are green: no hint is needed.`)
  for (const line of nextHint(chapter, step)) console.log(line)
}

function stepNumbered(number: string, { number: chapter, steps }: Chapter): number {
  if (/^\d+$/.test(number) && steps[Number(number) - 1]) return Number(number) - 1
  throw new Trouble(`Chapter ${chapter} has steps 1 to ${steps.length}: npm run hint ${chapter} -- --step 2`)
}

async function firstRed(chapter: Chapter): Promise<number | undefined> {
  await refresh([chapter])
  const progress = readProgress(chapter)
  const { number } = chapter
  if (!progress) throw new Trouble(`The tests of chapter ${number} did not get to their end: npm test ${number}`)
  if (progress.broken !== undefined)
    throw new Trouble(
      `The tests of chapter ${number} do not run, so it cannot be told which step is next: ${progress.broken}\n` +
        `"npm test ${number}" shows where; "npm run hint ${number} -- --step 1" gives a hint all the same.`,
    )
  const index = progress.steps.findIndex(({ state }) => state === 'red')
  return index < 0 ? undefined : index
}

/** The next tier of the step's hints, which counts as shown from now on; after the last one, that again. */
export function nextHint(chapter: Chapter, step: number): string[] {
  const file = `${pathOf({ chapter, subject: 'exercises' })}/hints.md`
  const heading = headingsOf(chapter)[step]!
  const hints = readHints(readFileSync(join(root, file), 'utf8')).get(heading) ?? []
  const shown = recall<HintsShown>(HINTS) ?? {}
  const key = `${chapter.number}.${step}`
  const index = Math.min(shown[key] ?? 0, TIERS.length - 1)
  const hint = hints[index]
  if (!hint) throw new Trouble(`${file} has no hint ${index + 1} for "${heading}": has it been edited?`)
  remember(HINTS, { ...shown, [key]: index + 1 })
  const isLast = index === TIERS.length - 1
  const more = isLast
    ? `That was the last one. The solution: npm run diff ${chapter.number}, or solutions/`
    : 'Asking again gives the next one.'
  return [
    styleText('bold', `Chapter ${chapter.number}, ${heading}`),
    '',
    `💡 ${hint.tier} ${styleText('dim', `(${index + 1} of ${TIERS.length})`)}`,
    '',
    forTerminal(hint.body),
    '',
    styleText('dim', more),
  ]
}
