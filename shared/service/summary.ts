import type { WriteStream } from 'node:tty'
import { RECENT_S, type Snapshot } from './ledger.ts'

export interface Situation {
  /** Since the start. */
  seconds: number
  /** As in `pigeon blackhole`. */
  faults: string[]
  traffic: Snapshot
  latestError: string
}

/** The state of things, a topic a line, nothing that is not so. */
export function summarize({ seconds, faults, traffic, latestError }: Situation): string[] {
  const { sent, ok, failed, unsent, waiting, oldestMs, p50Ms, p99Ms, missing, failures } = traffic
  const oldest = waiting > 0 ? ` (the oldest for ${(oldestMs / 1000).toFixed(1)} s)` : ''
  const held = unsent > 0 ? `, ${unsent} not sent because too many wait` : ''
  const topics = {
    [`after ${seconds} s`]: `${sent} requests, ${ok} ok, ${failed} failed, ${waiting} waiting${oldest}${held}`,
    [`last ${RECENT_S} s`]: `p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`,
    missing: list(missing),
    failures: list(failures),
    faults: faults.join(', '),
    'latest error': latestError,
  }
  return Object.entries(topics).flatMap(([topic, text]) => (text ? `${topic}: ${text}` : []))
}

const list = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([word, count]) => `${word} ×${count}`)
    .join(', ')

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
