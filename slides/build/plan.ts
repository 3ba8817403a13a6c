import { Trouble } from '../../shared/core/trouble.ts'
import {
  type Chapter,
  chapters as manifest,
  chaptersByDay,
  type Day,
  days,
  minutesOf,
} from '../../shared/manifest/chapters.ts'

/** A chapter by hand, in minutes. */
export interface Lesson {
  chapter: Chapter
  talk: number
  exercise: number
  review: number
}

/** A row of a run sheet. */
export interface Row {
  /** Minutes since midnight. */
  at: number
  minutes: number
  what: string
  /** What to leave out if late; empty for nothing. */
  cut: string
  lesson?: Lesson
  /** Chapters that are shown and not done. */
  demos?: Chapter[]
  /** The part of the deck that is shown: `slides/break.md`. */
  part?: Beside
}

/** What stands around the chapters: a file of slides each. */
export const besides = ['opening', 'break', 'lunch', 'finale', 'closing'] as const
export type Beside = (typeof besides)[number]

/** One way to give the workshop: what it is called, how long it may take, and what is shown when. */
export interface Edition {
  title: string
  hours: number
  rows: Row[]
}

const START = 9 * 60
export const [TALK, REVIEW] = [10, 12]

type Part = Omit<Row, 'at'>
const part = (minutes: number, what: string, show: Beside): Part => ({ minutes, what, cut: '', part: show })
const OPENING = part(15, 'Parcel, the two commands, `npm run doctor` for whoever is not green', 'opening')
const FINALE = part(15, 'everybody’s Parcel, and what they can do to it (see "Demos")', 'finale')
const CLOSING = part(10, 'what to do on Monday; where the rest is', 'closing')
const coffee = part(10, 'break', 'break')
const lunch = part(60, 'lunch', 'lunch')
const DEMO = 8

/** The half day's chapters by hand, in its order; the others of day one are shown. */
const BY_HAND = ['01', '03', '04']

function lessonOf(chapter: Chapter): Part {
  const exercise = minutesOf(chapter)
  const what = `${chapter.number} ${chapter.title}: ${TALK} talk, ${exercise} exercise, ${REVIEW} review`
  const cut = chapter.steps.findIndex((step) => step.cut)
  return {
    minutes: TALK + exercise + REVIEW,
    what,
    cut: cut < 0 ? '' : `step ${cut + 1}, ${chapter.steps[cut]!.minutes} min`,
    lesson: { chapter, talk: TALK, exercise, review: REVIEW },
  }
}

/** A break after each chapter but the second and the last; the one after the third is lunch. */
const pausesOf = (count: number): Part[][] =>
  Array.from({ length: count }, (_, index) =>
    index === 1 || index === count - 1 ? [] : [index === 2 ? lunch : coffee],
  )

const wholeDay = (some: Chapter[]): Part[] => {
  const pauses = pausesOf(some.length)
  return [
    OPENING,
    ...some.flatMap((chapter, index) => [lessonOf(chapter), ...pauses[index]!]),
    { ...FINALE, cut: 'all of it' },
    CLOSING,
  ]
}

function halfDay(some: Chapter[]): Part[] {
  const demos = some.filter(({ number }) => !BY_HAND.includes(number))
  const lessons = BY_HAND.flatMap((number) => some.filter((chapter) => chapter.number === number)).map(lessonOf)
  const list = new Intl.ListFormat('en-GB').format(demos.map(({ number }) => number))
  return [
    OPENING,
    ...lessons.flatMap((lesson, index) => (index < lessons.length - 1 ? [lesson, coffee] : [lesson])),
    {
      minutes: DEMO * demos.length,
      what: `demos of ${list}, eight minutes each: before, after, one question`,
      cut: demos.at(-2)?.number ?? '',
      demos,
    },
    CLOSING,
  ]
}

function timed(parts: Part[]): Row[] {
  let at = START
  return [...parts, { minutes: 0, what: 'end', cut: '' }].map((each) => {
    const row = { ...each, at }
    at += each.minutes
    return row
  })
}

/** By what one asks for: the half day, and each day that has chapters. */
export function editionsOf(chapters: Chapter[] = manifest): Record<string, Edition> {
  const byDay = chaptersByDay(chapters)
  const whole = ([day, some]: [Day, Chapter[]]) =>
    [day, { title: `Day ${day}: ${days[day].toLowerCase()}`, hours: 8, rows: timed(wholeDay(some)) }] as const
  const [, first = []] = byDay.find(([day]) => day === 1) ?? []
  return {
    half: { title: 'Half a day', hours: 4, rows: timed(halfDay(first)) },
    ...Object.fromEntries(byDay.map(whole)),
  }
}

/**
 * @throws Trouble for an edition that there is no plan for, or not yet
 */
export function editionOf(name: string, chapters: Chapter[] = manifest): Edition {
  const editions = editionsOf(chapters)
  if (Object.hasOwn(editions, name)) return editions[name]!
  const why = Object.hasOwn(days, name) ? `Day ${name} has no chapters yet.` : `There is no edition "${name}".`
  throw new Trouble(`${why} There are: ${Object.keys(editions).toSorted().join(', ')}.`)
}

/** In the order in which they are met. */
export const chaptersOf = ({ rows }: Edition): Chapter[] =>
  rows.flatMap(({ lesson, demos = [] }) => (lesson ? [lesson.chapter] : demos))

export const clock = (at: number): string =>
  [Math.floor(at / 60), Math.floor(at % 60)].map((each) => String(each).padStart(2, '0')).join(':')
