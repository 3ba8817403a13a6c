import { expect, test } from 'vitest'
import type { ColumnState } from '../stage/column.ts'
import type { LabState } from './state.ts'
import { createScreen, summarize } from './summary.ts'

const column: ColumnState = {
  parcel: { status: 'ready', instances: 1, memoryMb: 90 },
  freshMs: 2000,
  arrivals: { sent: 20, ok: 18, partial: 2, failed: 0 },
  latency: { p50Ms: 12.3, p95Ms: 60, p99Ms: 80.4 },
  failures: {},
  waiting: 0,
  carriers: [],
}
const quiet: LabState = {
  atMs: 2000,
  traffic: { perSecond: 20, paused: false, seed: 1, delayP99Ms: 1, saturated: false },
  columns: { yours: column, reference: column },
  chapters: [],
  self: { majorGcs: 0, heapMb: 50 },
}

test('a sunny day is a line for each side', () => {
  expect(summarize(quiet, '')).toEqual([
    '2 s, yours: 20/s answered, 0 waiting, p50 12 ms, p99 80 ms',
    'reference: 20/s answered, 0 waiting, p50 12 ms, p99 80 ms',
  ])
})

test('a rainy one has more to tell', () => {
  const carrier = {
    name: 'pigeon',
    breakers: [],
    attempts: 0,
    retries: 0,
    hedges: 0,
    inFlight: 0,
    missing: {},
  } as const
  const yours: ColumnState = {
    ...column,
    waiting: 5,
    failures: { 'status 504': 2 },
    restart: { running: false, requests: 50, failed: 3 },
    carriers: [{ ...carrier, breakers: [], fault: 'blackhole' }],
  }
  const traffic = { ...quiet.traffic, paused: true, saturated: true }
  expect(summarize({ ...quiet, traffic, columns: { yours, reference: column } }, 'TypeError: no')).toEqual([
    '2 s, yours: 20/s answered, 5 waiting, p50 12 ms, p99 80 ms, failed lately: status 504 ×2, 3 of 50 failed in the restart',
    'reference: 20/s answered, 0 waiting, p50 12 ms, p99 80 ms',
    'traffic is paused',
    'this machine has too much to do: the figures are about it',
    'faults: pigeon blackhole',
    'latest error: TypeError: no',
  ])
})

test('a Parcel that is not there has no figures', () => {
  const yours: ColumnState = { ...column, parcel: { status: 'crashed', error: ['timeout.ts:3', 'SyntaxError: no'] } }
  const reference: ColumnState = { ...column, parcel: { status: 'starting', instances: 0, memoryMb: 0 } }
  expect(summarize({ ...quiet, columns: { yours, reference } }, '')).toEqual([
    '2 s, yours: crashed, until the next save: timeout.ts:3 SyntaxError: no',
    'reference: starting',
  ])
})

test('a screen shows each picture in place of the one before, and wraps no line', () => {
  const written: string[] = []
  const show = createScreen({ columns: 8, write: (text) => written.push(String(text)) > 0 })
  show(['one', 'a line that is too long'])
  show(['two'])
  expect(written).toEqual(['one\na line \n', '\x1b[2A\x1b[0Jtwo\n'])
})
