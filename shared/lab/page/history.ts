import type { Side } from '../../stage/column.ts'
import type { LabState } from '../state.ts'

/** How far back the charts go. */
export const SPAN_S = 90

/** States come once a second; where one is missing for longer than this, the charts show a gap. */
const GAP_MS = 2500

/** The states with one more, none older than the charts go back. A Lab that was started anew begins anew. */
export function remember(states: LabState[], state: LabState): LabState[] {
  const last = states.at(-1)
  if (last && state.atMs < last.atMs) return [state]
  // Whoever connects again is told the latest state again.
  if (state.atMs === last?.atMs) return states
  return [...states.filter(({ atMs }) => atMs >= state.atMs - SPAN_S * 1000), state]
}

type Points = (number | null)[]

/** Columns as uPlot takes them: seconds, then a series for each function, null where nothing is known. */
export function seriesOf(states: LabState[], pick: ((state: LabState) => number | null)[]): [number[], ...Points[]] {
  const times: number[] = []
  const series = pick.map((): Points => [])
  states.forEach((state, index) => {
    const before = states[index - 1]
    if (before && state.atMs - before.atMs > GAP_MS) {
      times.push((before.atMs + 1000) / 1000)
      for (const points of series) points.push(null)
    }
    times.push(state.atMs / 1000)
    series.forEach((points, at) => points.push(pick[at]!(state)))
  })
  return [times, ...series]
}

export interface Answers {
  finished: number
  /** Shares of what has finished; NaN when nothing has. */
  answered: number
  partial: number
}

/** Of the last ten seconds, as the latencies are. */
export function recentAnswers(states: LabState[], side: Side): Answers {
  const last = states.at(-1)
  const since = (last?.atMs ?? 0) - Math.min(9500, last?.columns[side].freshMs ?? 0)
  const recent = states.filter(({ atMs }) => atMs >= since).map(({ columns }) => columns[side].arrivals)
  const sum = (of: 'ok' | 'partial' | 'failed') => recent.reduce((total, arrivals) => total + arrivals[of], 0)
  const finished = sum('ok') + sum('partial') + sum('failed')
  return { finished, answered: (finished - sum('failed')) / finished, partial: sum('partial') / finished }
}

/** The top of both sides' charts: whole steps, so that it does not twitch. */
export function ceilingOf(states: LabState[]): number {
  const highest = states.flatMap(({ columns }) =>
    [columns.yours.arrivals, columns.reference.arrivals].map(({ sent, ok, partial, failed }) =>
      Math.max(sent, ok + partial + failed),
    ),
  )
  const step = 10 ** Math.floor(Math.log10(Math.max(10, ...highest)))
  return Math.ceil((Math.max(10, ...highest) * 1.05) / step) * step
}
