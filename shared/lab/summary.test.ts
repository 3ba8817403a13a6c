import { expect, test } from 'vitest'
import { createScreen, summarize } from './summary.ts'
import type { Snapshot } from './ledger.ts'

const quiet: Snapshot = {
  sent: 10,
  ok: 10,
  failed: 0,
  unsent: 0,
  waiting: 0,
  oldestMs: 0,
  p50Ms: 12.3,
  p99Ms: 80.4,
  missing: {},
  failures: {},
}

test('a sunny day is two lines', () => {
  expect(summarize({ seconds: 2, faults: [], traffic: quiet, latestError: '' })).toEqual([
    'after 2 s: 10 requests, 10 ok, 0 failed, 0 waiting',
    'last 10 s: p50 12 ms, p99 80 ms',
  ])
})

test('a rainy one has more to tell', () => {
  const traffic = {
    ...quiet,
    ok: 3,
    failed: 2,
    waiting: 5,
    oldestMs: 12_340,
    unsent: 4,
    missing: { 'pigeon timeout': 3 },
    failures: { 'status 504': 2 },
  }
  expect(summarize({ seconds: 20, faults: ['pigeon/0 blackhole'], traffic, latestError: 'TypeError: no' })).toEqual([
    'after 20 s: 10 requests, 3 ok, 2 failed, 5 waiting (the oldest for 12.3 s), 4 not sent because too many wait',
    'last 10 s: p50 12 ms, p99 80 ms',
    'missing: pigeon timeout ×3',
    'failures: status 504 ×2',
    'faults: pigeon/0 blackhole',
    'latest error: TypeError: no',
  ])
})

test('a screen shows each picture in place of the one before, and wraps no line', () => {
  const written: string[] = []
  const show = createScreen({ columns: 8, write: (text) => written.push(String(text)) > 0 })
  show(['one', 'a line that is too long'])
  show(['two'])
  expect(written).toEqual(['one\na line \n', '\x1b[2A\x1b[0Jtwo\n'])
})
