import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Findings } from '../../shared/manifest/findings.ts'
import { incidents } from '../../shared/stage/incidents/incidents.ts'
import { codeOf, regionsOf } from './content.ts'
import type { Slide, Source } from './deck.ts'
import { rowsOf } from './excerpt.ts'
import { stillOf } from './lab.ts'
import { REVIEW, TALK } from './plan.ts'
import { halves, minutesOf } from './run-sheet.ts'

// What makes a performance of a document, as far as it can be counted; slides/README.md says why.

const MAX_SLIDES = 17
const MAX_CODE_LINES = 8
const MAX_WORDS = 40
const MIN_MINUTES = 0.75
/** For a question to the room, or for something that is shown. */
const MIN_EXCHANGE = 1.5
/** Of the talk's minutes, and of the review's, that no slide fills. */
const [TALK_SPARE, REVIEW_SPARE] = [0.5, 1.5]

/** What is read beside the code, by whoever does not listen meanwhile. */
const wordsOn = ({ title, body }: Slide): number =>
  `${title}\n${body}`
    .replace(/^```[\s\S]*?^```$|!\[[^\]]*\]\([^)]*\)|\{\{steps\}\}|^\|[-| ]+\|$/gm, ' ')
    .split(/\s+/)
    .filter((word) => /\w/.test(word)).length

function checkSlide(slide: Slide, source: Source, findings: Findings): void {
  const { id, file, title, minutes, notes } = slide
  const say = (ok: boolean, fix: string) => findings.check(ok, file, `slide ${id} ("${title}") ${fix}`)
  const least = /^\*\*(Ask|Demo):\*\*/m.test(notes) ? MIN_EXCHANGE : MIN_MINUTES
  say(
    minutes >= least,
    `has ${minutes} min: no slide has less than ${MIN_MINUTES}, and with Ask: or Demo: ${MIN_EXCHANGE}`,
  )
  const isLit = regionsOf(slide).some((region) => codeOf(region, source).steps.length > 0)
  say(
    isLit || !slide.classes.includes('riddle'),
    'is a riddle that lights no line: add the one that is wrong ("step: …")',
  )
  // A line that is wrapped is two to whoever reads it.
  const lines = regionsOf(slide).reduce((sum, region) => sum + rowsOf(codeOf(region, source).lines), 0)
  say(lines <= MAX_CODE_LINES, `shows ${lines} lines of code: ${MAX_CODE_LINES} at most, so name parts ("show: …")`)
  const words = wordsOn(slide)
  say(words <= MAX_WORDS, `has ${words} words: ${MAX_WORDS} at most, so say them instead`)
}

/** Whether a deck can be played: in its minutes, and to the back row. */
export function checkPerformance(slides: Slide[], source: Source, findings: Findings): void {
  for (const slide of slides) checkSlide(slide, source, findings)
  for (const { number } of source.chapters) {
    const { talk, review } = halves(slides, number)
    const [file] = review.map((slide) => slide.file)
    // Only begun.
    if (!file) continue
    const say = (ok: boolean, fix: string) => findings.check(ok, file, fix)
    const count = talk.length + review.length
    say(count <= MAX_SLIDES, `has ${count} slides: ${MAX_SLIDES} at most, so cut to what is said`)
    for (const [what, some, minutes] of [
      ['talk', talk, TALK - TALK_SPARE],
      ['review', review, REVIEW - REVIEW_SPARE],
    ] as const)
      say(
        minutesOf(some) <= minutes,
        `has ${minutesOf(some)} min of ${what}: ${minutes} at most, as the room talks, too`,
      )
    say(talk[1]?.classes.includes('strip') ?? false, 'does not begin with its incident: {.strip}, after the cover')
    const riddles = review.filter(({ classes }) => classes.includes('riddle')).length
    say(riddles === 2, `has ${riddles} riddles in its review: two of the room’s own mistakes, {.riddle}`)
    // Of one that is new, the still comes later.
    const isPlayed = incidents.some(
      ({ chapter, id }) => chapter === number && existsSync(join(source.root, stillOf(id))),
    )
    const labs = review.filter(({ classes }) => classes.includes('lab')).length
    say(!isPlayed || labs === 1, `has ${labs} slides with the Lab in its review: one, to play the incident once more`)
  }
}
