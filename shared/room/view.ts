import { type Chapter, chapters } from '../manifest/chapters.ts'
import { isWritten } from '../manifest/target.ts'
import type { Person, Place } from './board.ts'
import type { Exercise } from './exercise.ts'

/** Who has not moved for so long is worth a walk. */
export const STUCK_MS = 600_000
/** What was told longer ago than that says nothing about where the room is now. */
const RECENT_MS = 1_800_000

export interface StepView {
  number: number
  title: string
  spare: boolean
  /** How many have it green. */
  green: number
  /** How many are at it: it is their first core step that is not green. */
  at: number
}

/** A chapter as the room stands in it; of nobody in particular. */
export interface ChapterView {
  chapter: Chapter
  /** In the room, whatever they do. */
  here: number
  /** Who have run a test of it. */
  begun: number
  /** Who have all of its core steps. */
  done: number
  steps: StepView[]
  /** So many core steps, or more, has half of those who have begun. */
  half: number
  /** The step where most are of those who are not done. */
  most?: StepView
  /** With which step the review begins, and why. */
  review: string
}

/** Somebody who has not moved for a while. */
export interface Stuck {
  label: string
  /** Undefined when they have run no test of the chapter. */
  step?: { number: number; title: string }
  red: string | null
  hints: number
  quietMs: number
}

export const written = chapters.filter((chapter) => isWritten(chapter))

const coreOf = ({ steps }: Chapter) => steps.flatMap(({ spare }, index) => (spare ? [] : [index + 1]))
/** The first core step that is not green; undefined when all are. */
const stepOf = (chapter: Chapter, { green }: Place) => coreOf(chapter).find((number) => !green.has(number))

export function viewOf(chapter: Chapter, people: Iterable<Person>): ChapterView {
  const all = [...people]
  const places = all.flatMap((person) => person.places.get(chapter.number) ?? [])
  const at = places.map((place) => stepOf(chapter, place))
  const steps = chapter.steps.map(({ title, spare = false }, index): StepView => {
    const number = index + 1
    const green = places.filter((place) => place.green.has(number)).length
    return { number, title, spare, green, at: at.filter((step) => step === number).length }
  })
  const core = coreOf(chapter)
  const counts = places.map(({ green }) => core.filter((number) => green.has(number)).length).toSorted((a, b) => b - a)
  // Of two that are even, the earlier one: who is further has seen it, too.
  const most = steps.reduce<StepView | undefined>((best, step) => (step.at > (best?.at ?? 0) ? step : best), undefined)
  const view = {
    chapter,
    here: all.length,
    begun: places.length,
    done: at.filter((step) => step === undefined).length,
    steps,
    half: counts[Math.ceil(counts.length / 2) - 1] ?? 0,
    ...(most && { most }),
  }
  return { ...view, review: reviewOf(view) }
}

function reviewOf({ chapter, begun, done, most }: Omit<ChapterView, 'review'>): string {
  if (begun === 0) return `Nobody has run a test of chapter ${chapter.number} yet.`
  if (!most) return 'Everybody has all core steps: the review begins with the riddles.'
  return done > most.at
    ? `${done} of ${begun} have all core steps; the review begins at step ${most.number}, where most others are.`
    : `The review begins at step ${most.number}, where most are: ${most.at} of ${begun}.`
}

/** Who has not moved for ten minutes, whoever has waited longest first; of those who are done, nobody. */
export function stuckIn(chapter: Chapter, people: Iterable<Person>, now: number, exercise?: Exercise): Stuck[] {
  // Nobody has stood still for longer than the exercise has lasted.
  const since = exercise?.chapter === chapter.number ? exercise.startedAt : undefined
  const stuck = [...people].flatMap(({ label, places }): Stuck[] => {
    const place = places.get(chapter.number)
    if (!place) return since === undefined ? [] : [{ label, red: null, hints: 0, quietMs: now - since }]
    const number = stepOf(chapter, place)
    if (number === undefined) return []
    const { title } = chapter.steps[number - 1]!
    const { red, hints, changedAt } = place
    return [{ label, step: { number, title }, red, hints, quietMs: now - Math.max(changedAt, since ?? changedAt) }]
  })
  return stuck.filter(({ quietMs }) => quietMs >= STUCK_MS).toSorted((a, b) => b.quietMs - a.quietMs)
}

/** The chapter that the room is at: the one that most have told of last, not long ago. */
export function chapterOf(people: Iterable<Person>, now: number): Chapter {
  const counts = new Map<string, number>()
  for (const { places } of people) {
    // Of what was told at once, as all is to a board that has begun anew: where a colour has changed last.
    const [latest] = [...places].toSorted(([, a], [, b]) => b.heardAt - a.heardAt || b.changedAt - a.changedAt)
    if (latest && now - latest[1].heardAt < RECENT_MS) counts.set(latest[0], (counts.get(latest[0]) ?? 0) + 1)
  }
  const most = Math.max(0, ...counts.values())
  return written.find(({ number }) => most > 0 && counts.get(number) === most) ?? written[0]!
}
