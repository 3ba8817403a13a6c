import { createHash } from 'node:crypto'
import { chapters } from '../manifest/chapters.ts'
import { hintsTaken, readProgress } from '../manifest/progress.ts'

/*
 * What a laptop has to tell. Without any package, and quick: it is asked at the end of each run of the tests.
 */

/** What a laptop knows of a chapter by its runs; but for `since`, which goes out as an age, all that it tells of it. */
export interface Standing {
  chapter: string
  /** The numbers of the green steps, from 1. */
  green: number[]
  /** The first red test of the first red step, by its name. */
  red: string | null
  /** How many were taken. */
  hints: number
  /** The last change of colour, as an ISO date. */
  since: string
}

/** What the board has said that it has. */
export interface Told {
  /** The board that has it; undefined before the first word, and when the board has begun anew. */
  board?: string
  /** By chapter: the standing, as JSON. */
  chapters: Record<string, string>
  /** When it last said so, as an ISO date. */
  at?: string
  /** What has kept it from saying so since. */
  trouble?: string
}

/** The body of what is sent. */
export interface Message {
  /** The board that all else was told to; null when this is all that there is. */
  board: string | null
  /** With the first message only, if there is one. */
  name?: string
  chapters: Report[]
}

export type Report = Omit<Standing, 'since'> & {
  /** Seconds since the last change of colour, at most a day: two clocks need not agree on when. */
  quietS: number
}

export const DAY_S = 86_400
/** As is the longest sentence that a test of ours is called by; of an attendee's own, no name is longer. */
export const MAX_RED = 200

/** Of every chapter whose suite has run here. */
export const standings = (): Standing[] =>
  chapters.flatMap((chapter) => {
    const known = readProgress(chapter)?.known
    if (!known) return []
    const { green, since, red } = known
    const name = red && red.length <= MAX_RED ? red : null
    return { chapter: chapter.number, green, red: name, hints: hintsTaken(chapter), since }
  })

/** What the board does not have yet. */
export const newsFor = (told: Told, all: Standing[]): Standing[] =>
  all.filter((standing) => told.board === undefined || told.chapters[standing.chapter] !== JSON.stringify(standing))

/** A board may begin anew at any time, and to whoever is stuck nothing new may happen for long. */
const ASK_AFTER_MS = 300_000

/**
 * Whether there is anything to say: what the board does not have yet, or after five minutes of nothing, which its answer
 * is for: a board that has begun anew says so.
 *
 * @param now of `Date.now()`
 */
export const isDue = (told: Told, all: Standing[], now = Date.now()): boolean =>
  newsFor(told, all).length > 0 || !(Math.abs(now - Date.parse(told.at ?? '')) < ASK_AFTER_MS)

/** @param now of `Date.now()` */
export function messageOf(told: Told, news: Standing[], name: string | undefined, now: number): Message {
  return {
    board: told.board ?? null,
    ...(told.board === undefined && name !== undefined && { name }),
    chapters: news.map(({ since, ...standing }) => ({ ...standing, quietS: ageS(since, now) })),
  }
}

const ageS = (since: string, now: number) =>
  Math.min(DAY_S, Math.max(0, Math.floor((now - Date.parse(since)) / 1000) || 0))

/** On the instructor's screen, for whoever has given no name; it says nothing about the id, by which one is let speak. */
export const tagOf = (id: string): string =>
  String(1000 + (createHash('sha256').update(id).digest().readUInt32BE() % 9000))
