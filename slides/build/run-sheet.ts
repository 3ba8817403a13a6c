import { Trouble } from '../../shared/core/trouble.ts'
import { fillIn } from './content.ts'
import { ours, type Slide } from './deck.ts'
import { clock, type Edition, editionsOf, type Row } from './plan.ts'

/** Some minutes of a day, and the slides that are shown in them. */
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

/** A row begins when it says, whatever the slides before it took. */
function slotsOf({ at, minutes, what, lesson }: Row, beside: Slide[], slides: Slide[]): Slot[] {
  if (!lesson) return [{ at, minutes, what, slides: beside }]
  const { chapter, talk, exercise, review } = lesson
  const { number, title } = chapter
  const half = halves(slides, number)
  return [
    { at, minutes: talk, what: `${number} ${title}`, slides: half.talk },
    { at: at + talk, minutes: exercise, what: `${number}: the room works`, slides: [] },
    { at: at + talk + exercise, minutes: review, what: `${number}: review`, slides: half.review },
  ]
}

/** An edition with its slides: the opening in its first row, the closing in the last before the end. */
export function slotsOn({ rows }: Edition, slides: Slide[]): Slot[] {
  const part = (name: string) => slides.filter(({ file }) => file === `slides/${name}.md`)
  const beside = (index: number) => (index === 0 ? part('opening') : index === rows.length - 2 ? part('closing') : [])
  return rows.flatMap((row, index) => slotsOf(row, beside(index), slides))
}

export const minutesOf = (slides: Slide[]): number => slides.reduce((sum, { minutes }) => sum + minutes, 0)

/**
 * The day, slide by slide.
 *
 * @throws Trouble for an edition that there is no plan for
 */
export function printRunSheet(name: string, slides: Slide[]): string {
  const editions = editionsOf()
  if (!Object.hasOwn(editions, name))
    throw new Trouble(`There is no plan for "${name}". There are: ${Object.keys(editions).toSorted().join(', ')}.`)
  const lines = slotsOn(editions[name]!, slides).flatMap(({ at, minutes, what, slides: shown }) => {
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
