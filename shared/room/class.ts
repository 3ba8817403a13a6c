import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Random, seededRandom } from '../core/random.ts'
import { type Chapter, headingsOf, minutesOf } from '../manifest/chapters.ts'
import { sections, testsNamedIn } from '../manifest/sections.ts'
import { pathOf, root } from '../manifest/target.ts'
import type { Standing } from './news.ts'

/** A run of the tests, on one of the laptops of a class that there never was. */
export interface Run {
  atMs: number
  laptop: number
  standing: Standing
}

export interface Lesson {
  chapter: Chapter
  /** Of the exercise, after whatever the class began with. */
  startMs: number
  endMs: number
}

const MINUTE_MS = 60_000
const [OPENING, TALK, REVIEW, BREAK] = [15, 10, 12, 10]

/** By hand, one after the other, each with a talk before it, a review behind it and a break. */
export function lessonsOf(chapters: Chapter[]): Lesson[] {
  let minute = OPENING
  return chapters.map((chapter) => {
    const startMs = (minute += TALK) * MINUTE_MS
    const endMs = (minute += minutesOf(chapter)) * MINUTE_MS
    minute += REVIEW + BREAK
    return { chapter, startMs, endMs }
  })
}

/** Most need about as long as the manifest says, some half of it, some twice. */
const SPREAD = 0.4
/** Of the steps, at one in twelve somebody is stuck, for four times as long. */
const [STUCK, STUCK_TIMES] = [1 / 12, 4]
const RUN_EVERY_MS = [25_000, 95_000] as const
/** Who is longer at a step than it should take asks for a hint, sooner or later. */
const HINT_CHANCE = 0.15

/** What the laptops of a class see, run by run, in the order of time. `epoch` is when it began, of `Date.now()`. */
export function classOf(laptops: number, lessons: Lesson[], seed: number, epoch = 0): Run[] {
  const runs = Array.from({ length: laptops }, (_, laptop) => {
    const random = seededRandom(seed * 1_000 + laptop)
    const pace = Math.exp(SPREAD * normal(random))
    return lessons.flatMap((lesson) => [...workOn(lesson, pace, random, epoch)].map((run) => ({ ...run, laptop })))
  })
  return runs.flat().toSorted((a, b) => a.atMs - b.atMs)
}

function* workOn(
  { chapter, startMs, endMs }: Lesson,
  pace: number,
  random: Random,
  epoch: number,
): Generator<Omit<Run, 'laptop'>> {
  const tests = testsOf(chapter)
  const green: number[] = []
  let hints = 0
  let atMs = startMs + random() * 2 * MINUTE_MS
  let since = atMs
  for (const [index, { minutes }] of chapter.steps.entries()) {
    const nominalMs = minutes * MINUTE_MS
    const isStuck = random() < STUCK
    const needMs = nominalMs * pace * Math.exp((SPREAD / 2) * normal(random)) * (isStuck ? STUCK_TIMES : 1)
    for (const begunAt = atMs; ;) {
      const [from, to] = RUN_EVERY_MS
      atMs += from + random() * (to - from)
      if (atMs > endMs) return
      const share = (atMs - begunAt) / needMs
      if (share >= 1) break
      if (atMs - begunAt > nominalMs && hints < 3 * (index + 1) && random() < HINT_CHANCE) hints++
      const red = tests[index]![Math.floor(share * tests[index]!.length)] ?? null
      yield { atMs, standing: standingOf(red) }
    }
    green.push(index + 1)
    since = atMs
    yield { atMs, standing: standingOf(tests[index + 1]?.[0] ?? null) }
  }

  function standingOf(red: string | null): Standing {
    return { chapter: chapter.number, green: [...green], red, hints, since: new Date(epoch + since).toISOString() }
  }
}

/** Of each step. */
function testsOf(chapter: Chapter): string[][] {
  const readme = readFileSync(join(root, pathOf({ chapter, subject: 'exercises' }), 'README.md'), 'utf8')
  const steps = sections(readme, '###')
  return headingsOf(chapter).map((heading) => testsNamedIn(steps.get(heading) ?? ''))
}

/** By Box and Muller. */
const normal = (random: Random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
