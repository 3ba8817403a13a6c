import { expect, test } from 'vitest'
import type { CarrierState, ColumnState } from '../column.ts'
import { incidents } from './incidents.ts'
import { type Second, seenOf } from './seen.ts'

const carrier = (name: CarrierState['name'], parts: Partial<CarrierState> = {}): CarrierState => ({
  name,
  fault: null,
  breakers: ['closed', 'closed'],
  attempts: 0,
  retries: 0,
  hedges: 0,
  inFlight: 0,
  missing: {},
  ...parts,
})

const second = (atS: number, parts: Partial<ColumnState> = {}): Second => ({
  atMs: atS * 1000,
  column: {
    parcel: { status: 'ready', instances: 1, memoryMb: 90 },
    freshMs: 1e9,
    arrivals: { sent: 40, ok: 40, partial: 0, failed: 0 },
    latency: { p50Ms: 10, p95Ms: 20, p99Ms: 80 },
    failures: {},
    waiting: 3,
    carriers: [carrier('swift', { attempts: 100, hedges: 2 }), carrier('pigeon', { attempts: 42, hedges: 5 })],
    ...parts,
  },
})

test('calls are counted over ten seconds at most', () => {
  const seen = seenOf(Array.from({ length: 30 }, (_, s) => second(s, s < 15 ? { carriers: [] } : {})))
  expect(seen.callsPerSecond('swift')).toBeCloseTo(100, 5)
  expect(seen.callsPerQuote('swift')).toBeCloseTo(2.5, 5)
  expect(seen.hedgeShare).toBeCloseTo(7 / 135, 5)
  expect(seen.answered).toBe(1)
})

test('and not over what was before the incident', () => {
  const before = Array.from({ length: 5 }, (_, s) => second(s))
  const since = second(6, { freshMs: 1500, carriers: [carrier('swift', { attempts: 40 })] })
  const seen = seenOf([...before, since])
  expect(seen.callsPerSecond('swift')).toBe(40)
  expect(seen.callsPerQuote('swift')).toBe(1)
})

test('of a Parcel that does not say, nothing is said', () => {
  const seen = seenOf([second(1), second(2, { carriers: [carrier('swift', { breakers: [] })] })])
  expect([seen.callsPerSecond('swift'), seen.callsPerQuote('swift'), seen.hedgeShare]).toEqual([NaN, NaN, NaN])
})

test('of orders, the last word counts: whoever is killed says nothing for a while, and what is booked meanwhile is not more than all', () => {
  const orders = (kills: number, booked: number) => ({ orders: { kills, promised: 200, booked, owed: 50 } })
  expect(seenOf([second(1, orders(1, 100)), second(2)]).orders).toEqual({ kills: 1, promised: 200, known: 150 })
  expect(seenOf([second(1, orders(1, 170))]).orders).toEqual({ kills: 1, promised: 200, known: 200 })
  expect(seenOf([second(1)]).orders).toEqual({ kills: 0, promised: 0, known: 0 })
})

test.for(incidents)('what $title says is a sentence, whatever has been seen', ({ look }) => {
  const silent = seenOf([second(1, { carriers: [] })])
  const left = seenOf([second(1, { restart: { running: false, requests: 200, failed: 41 }, waiting: 187 })])
  for (const sentence of [look(left, silent), look(silent, left), look(left, left)]) {
    expect(sentence).toMatch(/^[A-Z].*\.$/)
    expect(sentence).not.toMatch(/NaN|undefined|Infinity|null/)
    expect(sentence.length, 'two lines on a stage').toBeLessThan(140)
  }
})
