import type { ColumnState, Side } from '../stage/column.ts'
import type { Column, Point } from '../stage/incidents/incidents.ts'
import type { Day } from '../manifest/chapters.ts'

/** What the page shows: sent whole, once a second, as a server-sent event. Types only; the page imports them too. */
export interface LabState {
  /** Milliseconds since the Lab was started. */
  atMs: number
  traffic: TrafficState
  columns: Record<Side, ColumnState>
  chapters: ChapterCard[]
  /** The chapter that alone is on trial: the left runs on its exercise, and on the solutions of all others. */
  alone?: string
  /** Of the incident that was begun last, until a carrier gets another fault. */
  spotlight?: Spotlight
  self: SelfState
}

/** An incident's one number, and what there is to see beside it. */
export interface Spotlight {
  /** Of the incident. */
  id: string
  chapter: string
  title: string
  /** Of the incident, at /drawings/<name>.svg; and what is seen on it. */
  drawing?: { name: string; alt: string }
  point: Point
  lit?: Column
  /** Both Parcels are up, and what is wrong is wrong: before that, there is nothing to be seen. */
  isOn: boolean
  /** What the number is, in words. */
  what: string
  /** Null until there is one. */
  numbers: Record<Side, number | null>
  /** Clearly, yours. */
  isWorse: boolean
  /** What is seen, in a sentence or two. */
  look: string
}

/** The Lab itself, which must not be what keeps the machine busy. */
export interface SelfState {
  /** Collections of its whole heap since the start. */
  majorGcs: number
  heapMb: number
}

export interface TrafficState {
  /** Arrivals a second, on average, for each side. */
  perSecond: number
  paused: boolean
  seed: number
  /** How late the generator itself was in the last ten seconds, by its event loop. */
  delayP99Ms: number
  /** The machine has had too much to do for a while, so the figures are about it and not about the code. */
  saturated: boolean
}

export interface ChapterCard {
  number: string
  day: Day
  title: string
  /** In order; `unknown` until the suite has run. */
  steps: { title: string; spare: boolean; state: 'green' | 'red' | 'unknown' }[]
  running: boolean
}
