import type { ColumnState, Side } from '../stage/column.ts'

/** What the page shows: sent whole, once a second, as a server-sent event. Types only; the page imports them too. */
export interface LabState {
  /** Milliseconds since the Lab was started. */
  atMs: number
  traffic: TrafficState
  columns: Record<Side, ColumnState>
  chapters: ChapterCard[]
  /** The scenario whose button was pressed last, until something else is changed. */
  scenario?: string
}

export interface TrafficState {
  /** Arrivals a second, on average, for each side. */
  perSecond: number
  paused: boolean
  seed: number
  /** How late the generator itself was in the last ten seconds, by its event loop. */
  delayP99Ms: number
  /** The machine has too much to do, so the figures are about it and not about the code. */
  saturated: boolean
}

export interface ChapterCard {
  number: string
  title: string
  /** In order; `unknown` until the suite has run. */
  steps: { title: string; spare: boolean; state: 'green' | 'red' | 'unknown' }[]
  running: boolean
}
