import { expect, test } from 'vitest'
import type { LabState } from '../state.ts'
import { ceilingOf, recentAnswers, remember, seriesOf, SPAN_S } from './history.ts'

const NONE = { sent: 0, ok: 0, partial: 0, failed: 0 }

const state = (seconds: number, yours: Partial<typeof NONE> = {}, freshMs = 1e9) =>
  ({
    atMs: seconds * 1000,
    columns: { yours: { arrivals: { ...NONE, ...yours }, freshMs }, reference: { arrivals: NONE, freshMs } },
  }) as unknown as LabState

const all = (...states: LabState[]) => states.reduce<LabState[]>(remember, [])
const sent = (of: LabState) => of.columns.yours.arrivals.sent

test('keeps as much as the charts show, however long it runs', () => {
  const states = all(...Array.from({ length: 1000 }, (_, second) => state(second)))
  expect(states).toHaveLength(SPAN_S + 1)
  expect(states.at(-1)!.atMs).toBe(999_000)
})

test('a Lab that was started anew begins anew', () => {
  expect(all(state(500), state(501), state(1))).toEqual([state(1)])
})

test('a state that is told twice, as after a lost connection, is one', () => {
  expect(all(state(1), state(2), state(2))).toEqual([state(1), state(2)])
})

test('a state that never came is a gap, and a late one is not', () => {
  const states = [state(1, { sent: 7 }), state(3.2, { sent: 8 }), state(9, { sent: 9 })]
  expect(seriesOf(states, [sent])).toEqual([
    [1, 3.2, 4.2, 9],
    [7, 8, null, 9],
  ])
})

test('a single second that is worse than all others is drawn as it was', () => {
  const states = Array.from({ length: 60 }, (_, second) => state(second, { sent: second === 30 ? 400 : 20 }))
  const [, drawn] = seriesOf(states, [sent])
  expect(Math.max(...drawn!.map(Number))).toBe(400)
  expect(ceilingOf(states), 'and within the chart').toBeGreaterThanOrEqual(400)
})

test('the share of the answered is that of the last ten seconds', () => {
  const old = state(1, { failed: 1000 })
  const recent = Array.from({ length: 10 }, (_, second) => state(20 + second, { ok: 6, partial: 2, failed: 2 }))
  expect(recentAnswers([old, ...recent], 'yours')).toEqual({ finished: 100, answered: 0.8, partial: 0.2 })
})

test('what failed before an incident began is not its share', () => {
  const before = Array.from({ length: 5 }, (_, second) => state(second, { failed: 100 }))
  const since = Array.from({ length: 3 }, (_, second) => state(5 + second, { ok: 10 }, second * 1000 + 500))
  expect(recentAnswers([...before, ...since], 'yours')).toEqual({ finished: 30, answered: 1, partial: 0 })
})

test('where nothing has finished, no share is made up', () => {
  expect(recentAnswers([state(1, { sent: 50 })], 'yours').answered).toBeNaN()
})
