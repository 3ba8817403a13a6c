import { fillIn } from './content.ts'
import { ours, playing, readDeck, type Slide, type Source } from './deck.ts'
import { clock, type Edition, editionOf, type Row } from './plan.ts'
import { Findings } from '../../shared/manifest/findings.ts'

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

const partOf = (slides: Slide[], name: string) => slides.filter(({ file }) => file === `slides/${name}.md`)

/** A row begins when it says, whatever the slides before it took. */
function slotsOf({ at, minutes, what, lesson, demos, part }: Row, slides: Slide[]): Slot[] {
  if (demos)
    return demos.map(({ number, title }, index) => {
      const shown = slides.filter(({ chapter, inDemo }) => chapter?.number === number && inDemo)
      const each = minutes / demos.length
      return { at: at + index * each, minutes: each, what: `${number} ${title}, as a demo`, slides: shown }
    })
  if (!lesson) return [{ at, minutes, what, slides: part ? partOf(slides, part) : [] }]
  const { chapter, talk, exercise, review } = lesson
  const { number, title } = chapter
  const half = halves(slides, number)
  return [
    { at, minutes: talk, what: `${number} ${title}`, slides: half.talk },
    { at: at + talk, minutes: exercise, what: `${number}: the room works`, slides: [] },
    { at: at + talk + exercise, minutes: review, what: `${number}: review`, slides: half.review },
  ]
}

export const slotsOn = ({ rows }: Edition, slides: Slide[]): Slot[] => rows.flatMap((row) => slotsOf(row, slides))

export const minutesOf = (slides: Slide[]): number => slides.reduce((sum, { minutes }) => sum + minutes, 0)

/**
 * What is shown, one after the other: an edition's slides, each with the minutes that its day has for it (what is left until
 * the next one belongs to the last of a slot, for questions), or without an edition all of them, but for the breaks.
 */
export function playlist({ edition }: Source, slides: Slide[]): Slide[] {
  if (!edition) return slides.filter(({ file }) => !/\/(break|lunch)\.md$/.test(file))
  const end = edition.rows.at(-1)!.at
  const slots = slotsOn(edition, slides).filter((slot) => slot.slides.length > 0)
  const shown = slots.flatMap(({ at, slides: some }, index) => {
    const planned = (slots[index + 1]?.at ?? end) - at
    const left = planned - some.reduce((sum, { minutes, workMinutes }) => sum + minutes + workMinutes, 0)
    return some.map((slide) => ({ ...slide, spareMinutes: slide === some.at(-1) ? left : 0 }))
  })
  // There is more than one break, and each has an address of its own.
  return shown.map((slide, index) => {
    const before = shown.slice(0, index).filter(({ id }) => id === slide.id).length
    return before > 0 ? { ...slide, id: `${slide.id}-${before + 1}` } : slide
  })
}

/**
 * The day, slide by slide.
 *
 * @throws Trouble for an edition that there is no plan for
 */
export function printRunSheet(name: string): string {
  const edition = editionOf(name)
  const source = playing(edition, ours)
  const lines = slotsOn(edition, readDeck(source, new Findings())).flatMap(({ at, minutes, what, slides }) => {
    let now = at
    const slideLines = slides.map((slide) => {
      const title = fillIn(slide.title, slide, source).replaceAll('<br>', ' ').replaceAll('*', '')
      const line = `${clock(now)} ${String(slide.minutes).padStart(5)} ${slide.mayBeCut ? '✂' : ' '} ${slide.id.padEnd(10)} ${title}`
      now += slide.minutes
      return line
    })
    const left = minutes - minutesOf(slides)
    const spare = slides.length > 0 && left > 0 ? [`${clock(now)} ${String(left).padStart(5)}   for questions`] : []
    return ['', `${clock(at)}  ${minutes > 0 ? `${what}, ${minutes} min` : what}`, ...slideLines, ...spare]
  })
  return [...lines.slice(1), '', '✂ Cut here if late; which steps to cut is in slides/INSTRUCTOR.md.'].join('\n')
}
