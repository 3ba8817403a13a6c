import { expect, test } from 'vitest'
import { Saturation } from './saturation.ts'

/** Told a delay a second, from the first on. */
const told = (...delays: number[]) => {
  const saturation = new Saturation()
  return delays.map((delayMs, second) => saturation.update(delayMs, second * 1000))
}

test('a machine is saturated from the first second on in which it is', () => {
  expect(told(1, 19, 21)).toEqual([false, false, true])
})

test('one on the edge does not flicker', () => {
  expect(told(21, 19, 21, 12, 18, 11, 13, 19, 20, 11, 12, 13, 14, 15).every(Boolean)).toBe(true)
})

test('it is calm once it has been well below for ten seconds', () => {
  const calm = Array.from({ length: 11 }, () => 5)
  expect(told(21, ...calm).indexOf(false)).toBe(10)
})
