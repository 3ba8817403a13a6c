import { minutesAt, type Row, runSheet } from './guide.ts'
import { Trouble } from '../../shared/core/trouble.ts'
import { fillIn } from './content.ts'
import { ours, type Slide } from './deck.ts'

/** By what one asks for: the headings of the instructor's guide. */
export const days: Record<string, string> = { half: 'Half a day', full: 'A whole day' }

/** Some of the guide's minutes, and the slides that are shown in them. */
export interface Slot {
  /** Minutes since midnight. */
  at: number
  minutes: number
  what: string
  slides: Slide[]
}

/** A chapter's slides: those up to "your turn", and those after the room has worked. */
export function halves(slides: Slide[], number: string): { talk: Slide[]; review: Slide[] } {
  const all = slides.filter(({ chapter }) => chapter?.number === number)
  const turn = all.findIndex(({ workMinutes }) => workMinutes > 0)
  return { talk: all.slice(0, turn + 1), review: all.slice(turn + 1) }
}

/** A row of the guide, which begins when it says, whatever the slides before it took. */
function slotsOf({ from, minutes, what, lesson }: Row, beside: Slide[], slides: Slide[]): Slot[] {
  const at = minutesAt(from)
  if (!lesson) return [{ at, minutes, what, slides: beside }]
  const { number, title, talk, exercise, review } = lesson
  const half = halves(slides, number)
  return [
    { at, minutes: talk, what: `${number} ${title}`, slides: half.talk },
    { at: at + talk, minutes: exercise, what: `${number}: the room works`, slides: [] },
    { at: at + talk + exercise, minutes: review, what: `${number}: review`, slides: half.review },
  ]
}

/** A day of the guide with the slides in it: the opening in its first row, the closing in the last before the end. */
export function slotsOn(heading: string, slides: Slide[]): Slot[] {
  const rows = runSheet(heading)
  const part = (name: string) => slides.filter(({ file }) => file === `slides/${name}.md`)
  const beside = (index: number) => (index === 0 ? part('opening') : index === rows.length - 2 ? part('closing') : [])
  return rows.flatMap((row, index) => slotsOf(row, beside(index), slides))
}

export const minutesOf = (slides: Slide[]): number => slides.reduce((sum, { minutes }) => sum + minutes, 0)

const clock = (at: number) =>
  [Math.floor(at / 60), Math.floor(at % 60)].map((part) => String(part).padStart(2, '0')).join(':')

/**
 * The day, slide by slide.
 *
 * @throws Trouble for a day that there is no plan for
 */
export function printRunSheet(day: string, slides: Slide[]): string {
  if (!Object.hasOwn(days, day))
    throw new Trouble(`There is no plan for a "${day}" day. There are: ${Object.keys(days).join(', ')}.`)
  const lines = slotsOn(days[day]!, slides).flatMap(({ at, minutes, what, slides: shown }) => {
    let now = at
    const slideLines = shown.map((slide) => {
      const title = fillIn(slide.title, slide, ours).replaceAll('<br>', ' ').replaceAll('*', '')
      const line = `${clock(now)} ${String(slide.minutes).padStart(5)} ${slide.mayBeCut ? '✂' : ' '} ${slide.id.padEnd(10)} ${title}`
      now += slide.minutes
      return line
    })
    const left = minutes - minutesOf(shown)
    const spare = shown.length > 0 && left > 0 ? [`${clock(now)} ${String(left).padStart(5)}   for questions`] : []
    return ['', `${clock(at)}  ${minutes > 0 ? `${what}, ${minutes} min` : what}`, ...slideLines, ...spare]
  })
  return [...lines.slice(1), '', '✂ Cut here if late; which steps to cut is in slides/INSTRUCTOR.md.'].join('\n')
}
