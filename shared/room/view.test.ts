import { expect, test } from 'vitest'
import { chapters } from '../manifest/chapters.ts'
import type { Person, Place } from './board.ts'
import { begin, clock, phaseOf } from './exercise.ts'
import { chapterOf, stuckIn, viewOf } from './view.ts'

const retry = chapters.find(({ slug }) => slug === 'retry')!
const CORE = [1, 2, 3, 4, 5, 6]
const MINUTE = 60_000

interface Someone extends Place {
  label: string
  /** Minutes. */
  quiet: number
  chapter: string
  heard: number
}

/** Somebody with these steps green, of chapter 03 unless it is said otherwise. */
function person(
  green: number[],
  { label = 'x', quiet = 0, chapter = '03', heard = 0, ...more }: Partial<Someone> = {},
): Person {
  const place: Place = {
    green: new Set(green),
    red: null,
    hints: 0,
    changedAt: -quiet * MINUTE,
    heardAt: heard,
    ...more,
  }
  return { label, heardAt: heard, places: new Map([[chapter, place]]) }
}

test('counts who has which step, and who is at it: the first core step that is not green', () => {
  const view = viewOf(retry, [person([1, 3]), person([1, 2]), person([...CORE, 8]), person([1], { chapter: '01' })])
  expect(view).toMatchObject({ here: 4, begun: 3, done: 1 })
  expect(view.steps.map(({ green }) => green)).toEqual([3, 2, 2, 1, 1, 1, 0, 1, 0, 0, 0, 0])
  expect(view.steps.map(({ at }) => at)).toEqual([0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
})

test.for([
  [[], 0],
  [[[1, 2]], 2],
  [[[], [1], [1, 2, 3]], 1],
  [[[], [1, 2]], 2],
  [[[], [], [1, 2]], 0],
  [[[1, 7, 8, 9]], 1],
] as [number[][], number][])('half of %j have that many core steps, or more', ([all, half]) => {
  expect(
    viewOf(
      retry,
      all.map((green) => person(green)),
    ).half,
  ).toBe(half)
})

test.for([
  [[], 'Nobody has run a test of chapter 03 yet.'],
  [[[1], [1], []], 'The review begins at step 2, where most are: 2 of 3.'],
  [[[], [1]], 'The review begins at step 1, where most are: 1 of 2.'],
  [[CORE, CORE, [1, 2]], '2 of 3 have all core steps; the review begins at step 3, where most others are.'],
  [[CORE, CORE, [1], [1, 2]], '2 of 4 have all core steps; the review begins at step 2, where most others are.'],
  [[CORE, CORE], 'Everybody has all core steps: the review begins with the riddles.'],
] as [number[][], string][])('with %j: %s', ([all, sentence]) => {
  expect(
    viewOf(
      retry,
      all.map((green) => person(green)),
    ).review,
  ).toBe(sentence)
})

test('who has not moved for ten minutes is worth a walk, the longest first; who is done is not', () => {
  const people = [
    person([1], { label: 'nine', quiet: 9 }),
    person([1, 2], { label: 'eleven', quiet: 11, hints: 2, red: 'a test' }),
    person([], { label: 'twenty', quiet: 20 }),
    person(CORE, { label: 'done', quiet: 30 }),
    person([1], { label: 'elsewhere', quiet: 30, chapter: '01' }),
  ]
  const stuck = stuckIn(retry, people, 0)
  expect(stuck.map(({ label }) => label)).toEqual(['twenty', 'eleven'])
  expect(stuck[1]).toMatchObject({ step: { number: 3, title: 'What deserves another try' }, red: 'a test', hints: 2 })
})

test('nobody stands still for longer than the exercise has lasted; who has run nothing stands still since then', () => {
  const people = [person([1], { label: 'from home', quiet: 900 }), person([1], { label: 'elsewhere', chapter: '01' })]
  const exercise = begin('03', 35, 0)
  expect(stuckIn(retry, people, 9 * MINUTE, exercise)).toEqual([])
  const stuck = stuckIn(retry, people, 12 * MINUTE, exercise)
  expect(stuck.map(({ label, step, quietMs }) => [label, step?.number, quietMs / MINUTE])).toEqual([
    ['from home', 2, 12],
    ['elsewhere', undefined, 12],
  ])
})

test('the room is at the chapter that most have told of last, not long ago', () => {
  const both = person([1], { chapter: '01', heard: 1 })
  both.places.set('03', { green: new Set(), red: null, hints: 0, changedAt: 2, heardAt: 2 })
  const old = person([1], { chapter: '04', heard: -31 * MINUTE })
  expect(chapterOf([both, old], 2).number).toBe('03')
  expect(chapterOf([both, person([], { chapter: '01' }), person([], { chapter: '01' })], 2).number).toBe('01')
  expect(chapterOf([old], 2).number, 'nobody is anywhere').toBe('01')
})

test('of all that somebody tells at once, by joining late or a board that has begun anew, the latest work counts', () => {
  const late = person([1], { chapter: '01', quiet: 90 })
  late.places.set('02', { green: new Set([1]), red: null, hints: 0, changedAt: -60 * MINUTE, heardAt: 0 })
  late.places.set('04', { green: new Set(), red: null, hints: 0, changedAt: -5 * MINUTE, heardAt: 0 })
  expect(chapterOf([late], 0).number).toBe('04')
})

test('an exercise has its last two minutes, and an end', () => {
  const exercise = begin('03', 35, 0)
  const at = (minute: number) => [clock(exercise, minute * MINUTE), phaseOf(exercise, minute * MINUTE)]
  expect(at(0)).toEqual(['35:00', 'running'])
  expect(at(32.9)).toEqual(['2:06', 'running'])
  expect(at(33)).toEqual(['2:00', 'last minutes'])
  expect(clock(exercise, 35 * MINUTE - 1), 'not over a second early').toBe('0:01')
  expect(at(35)).toEqual(['0:00', 'over'])
  expect(at(60)).toEqual(['0:00', 'over'])
  expect(() => begin('03', NaN, 0)).toThrow('minutes must be')
})
