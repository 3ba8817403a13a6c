import { describe, expect, test } from 'vitest'
import { incidentOf } from '../stage/incidents/incidents.ts'
import type { Seen } from '../stage/incidents/seen.ts'
import { spotlightOn } from './spotlight.ts'

const seen = (parts: Partial<Seen> = {}): Seen => ({
  hasCrashed: false,
  answered: 1,
  whole: 1,
  latency: { p50Ms: 10, p95Ms: 20, p99Ms: 80 },
  waiting: 0,
  restart: undefined,
  callsPerSecond: () => 40,
  callsPerQuote: () => 1,
  hedgeShare: 0.05,
  greedyPerSecond: { asked: 0, served: 0 },
  sheetPerSecond: 0,
  scansWritten: 0,
  orders: { kills: 0, promised: 0, known: 0 },
  ...parts,
})
const slow = seen({ latency: { p50Ms: 220, p95Ms: 300, p99Ms: 900 } })

describe('the number is the one that the chapter is about', () => {
  test.for([
    ['hang', slow, 900, 80],
    ['deploy', seen({ restart: { running: true, requests: 90, failed: 7 } }), 7, null],
    ['flaky', seen({ callsPerQuote: (carrier) => (carrier === 'swift' ? 3.7 : 1) }), 3.7, 1],
    ['flaky', seen({ callsPerQuote: () => NaN }), null, 1],
    ['dead', slow, 220, 10],
    ['slow', slow, 220, 10],
    ['tail', slow, 900, 80],
    ['greedy', seen({ answered: 0.25 }), 75, 0],
    ['rush', seen({ answered: 0.25 }), 75, 0],
    ['newsletter', seen({ whole: 0.25 }), 75, 0],
    ['sheet', seen({ answered: 0.25 }), 75, 0],
    ['scans', slow, 900, 80],
    ['killed', seen({ orders: { kills: 2, promised: 300, known: 75 } }), 75, null],
    ['tail', seen({ latency: { p50Ms: 0, p95Ms: 0, p99Ms: 0 } }), null, 80],
  ] as const)('%s', ([id, left, yours, reference]) => {
    expect(spotlightOn(incidentOf(id), true, left, seen()).numbers).toEqual({ yours, reference })
  })
})

test('the sentence says which is slower, and that none is once the left is solved', () => {
  const look = (left: Seen, right: Seen) => spotlightOn(incidentOf('dead'), true, left, right).look
  expect(look(slow, seen())).toMatch(/the left asks it 40 times a second.* The left takes 22 times as long\.$/)
  expect(look(seen(), seen())).toMatch(/ Both take about as long\.$/)
  expect(look(seen(), slow)).toMatch(/ The left is the faster one\.$/)
})

test('one is not many', () => {
  const look = (id: string, left: Seen, right: Seen) => spotlightOn(incidentOf(id), true, left, right).look
  expect(look('hang', seen({ waiting: 1 }), seen())).toMatch(/: 1 customer waits on the left, 0 on the right\./)
  expect(look('dead', seen(), seen({ callsPerSecond: () => 1.2 }))).toMatch(/ 40 times a second, the right once\./)
})

test('of a greedy customer, the sentence says how often he asks, and what he gets', () => {
  const greedyPerSecond = { asked: 300, served: 45 }
  const { look, isWorse } = spotlightOn(incidentOf('greedy'), true, seen({ answered: 0.2, greedyPerSecond }), seen())
  expect(look).toBe('One of 21 asks 300 times a second, and is served 45 times on the left, 0 on the right.')
  expect(isWorse).toBe(true)
})

test('who refuses everybody is fast, and not the faster one', () => {
  const { look, isWorse } = spotlightOn(incidentOf('dead'), true, seen({ answered: 0 }), slow)
  expect(look).toMatch(/ Answered: 0 % on the left, 100 % on the right\.$/)
  expect(isWorse).toBe(true)
})

test('a Parcel that has crashed has no number, and the sentence says so', () => {
  const { look, numbers, isWorse } = spotlightOn(incidentOf('dead'), true, seen({ hasCrashed: true }), seen())
  expect(look).toBe('Parcel has ended by itself on the left: d shows what it said.')
  expect({ numbers, isWorse }).toEqual({ numbers: { yours: null, reference: 10 }, isWorse: true })
})

test('before it is on, there is no number, and nothing is said about one', () => {
  const { isOn, numbers, look } = spotlightOn(incidentOf('dead'), false, slow, seen())
  expect({ isOn, numbers }).toEqual({ isOn: false, numbers: { yours: null, reference: null } })
  expect(look).toMatch(/starting/)
})
