import { expect, test } from 'vitest'
import type { Figures } from '../stage/incidents/grade.ts'
import { type Addition, additionsOf, nameOf, plus, worsenedBy } from './sets.ts'

const chapters = Array.from({ length: 17 }, (_, i) => String(i + 1).padStart(2, '0'))

test('what is tried: each alone, each prefix, all but one, pairs both ways, and a draw that a seed repeats', () => {
  const additions = additionsOf({ seed: 1, draws: 20 }, chapters)
  expect(additions).toEqual(additionsOf({ seed: 1, draws: 20 }, chapters))
  const count = (kind: Addition['kind']) => additions.filter((each) => each.kind === kind).length
  expect([count('alone'), count('prefix'), count('all but one'), count('pair'), count('drawn')]).toEqual([
    17,
    16,
    17,
    2 * 17 * 16,
    20,
  ])
  for (const { to, chapter } of additions) expect(to).not.toContain(chapter)
})

test('with seventeen chapters it is as many sets as an hour has time for', () => {
  const additions = additionsOf({ seed: 1, draws: 40 }, chapters)
  expect(new Set(additions.flatMap((each) => [nameOf(each.to), nameOf(plus(each))])).size).toBeLessThan(300)
})

const healthy: Figures = {
  success: 1,
  full: 1,
  after: 1,
  p50Ms: 10,
  p99Ms: 300,
  amplification: 1,
  extraLoad: 0,
  failed: 0,
  recoveryS: 0,
  greedy: 0,
  written: 1,
  lost: 0,
  asked: 0,
  owedS: 0,
}
const addition: Addition = { kind: 'pair', to: ['03'], chapter: '01', incident: '01' }
const worsened = (before: Partial<Figures>, after: Partial<Figures>) =>
  worsenedBy(addition, { '03': { '01': { ...healthy, ...before } }, '01 03': { '01': { ...healthy, ...after } } })

test('a line that held and breaks is told, with the number before and after', () => {
  expect(worsened({}, { success: 0.85 })).toEqual(['01 on top of 03, incident 01: success: 100.0 % becomes 85.0 %'])
})

test('so is a number that misses its line and moves further from it', () => {
  expect(worsened({ p99Ms: 2000 }, { p99Ms: 3100 })).toHaveLength(1)
  expect(worsened({ recoveryS: 4 }, { recoveryS: Infinity })).toHaveLength(1)
})

test('what holds may get worse, as long as it holds; what misses may stay where it is, but for noise', () => {
  expect(worsened({ p99Ms: 10 }, { p99Ms: 900 })).toEqual([])
  expect(worsened({ p99Ms: 2000 }, { p99Ms: 2100 })).toEqual([])
  expect(worsened({ recoveryS: Infinity }, { recoveryS: Infinity })).toEqual([])
  expect(worsened({ success: 0.5 }, { success: 0.6 })).toEqual([])
})

test('a trade is one until the chapter is solved that ends it', () => {
  const at = (to: string[]) => {
    const addition: Addition = { kind: 'drawn', to, chapter: '08', incident: '04' }
    const of = (success: number) => ({ '04': { ...healthy, success } })
    return worsenedBy(addition, { [nameOf(to)]: of(1), [nameOf(plus(addition))]: of(0.6) })
  }
  expect(at(['04'])).toEqual([])
  expect(at(['01', '04'])).toHaveLength(1)
})
