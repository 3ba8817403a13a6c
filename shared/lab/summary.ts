import type { WriteStream } from 'node:tty'
import type { ColumnState } from '../stage/column.ts'
import type { LabState } from './state.ts'

/** The state of things for a terminal, a side a line, and what else there is to tell. */
export function summarize({ atMs, columns, traffic }: LabState, latestError: string): string[] {
  const faults = columns.yours.carriers.flatMap(({ name, fault }) => (fault ? `${name} ${fault}` : []))
  const notes = [
    traffic.paused ? 'traffic is paused' : '',
    traffic.saturated ? 'this machine has too much to do: the figures are about it' : '',
    faults.length > 0 ? `faults: ${faults.join(', ')}` : '',
    latestError ? `latest error: ${latestError}` : '',
  ]
  return [
    `${Math.round(atMs / 1000)} s, yours: ${describe(columns.yours)}`,
    `reference: ${describe(columns.reference)}`,
    ...notes.filter(Boolean),
  ]
}

function describe({ parcel, arrivals, latency, waiting, failures, restart }: ColumnState): string {
  if (parcel.status === 'crashed') return `crashed, until the next save: ${parcel.error.join(' ')}`
  if (parcel.status === 'starting') return 'starting'
  const reasons = Object.entries(failures).map(([reason, count]) => `${reason} ×${count}`)
  return [
    `${arrivals.ok + arrivals.partial}/s answered`,
    `${waiting} waiting`,
    `p50 ${latency.p50Ms.toFixed(0)} ms`,
    `p99 ${latency.p99Ms.toFixed(0)} ms`,
    ...(reasons.length > 0 ? [`failed lately: ${reasons.join(', ')}`] : []),
    ...(restart ? [`${restart.failed} of ${restart.requests} failed in the restart`] : []),
  ].join(', ')
}

/** Shows lines in place of those that it showed before. */
export function createScreen(terminal: Pick<WriteStream, 'columns' | 'write'>): (lines: string[]) => void {
  let shown = 0
  return (lines) => {
    // A line that the terminal wraps would be two, and the picture would creep down.
    const fitting = lines.map((line) => `${line.slice(0, terminal.columns - 1)}\n`)
    const back = shown > 0 ? `\x1b[${shown}A\x1b[0J` : ''
    terminal.write(back + fitting.join(''))
    shown = lines.length
  }
}
