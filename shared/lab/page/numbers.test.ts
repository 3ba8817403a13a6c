import { expect, test } from 'vitest'
import { counts, milliseconds, percent } from './numbers.ts'

test.for([
  [1, '100'],
  [0.9999, '99.9'],
  [0.99, '99.0'],
  [0.0001, '0.1'],
  [0, '0'],
  [NaN, '–'],
] as const)('a share of %d is %s %%: never rounded up to all, nor down to none', ([share, text]) => {
  expect(percent(share)).toBe(text)
})

test.for([
  [0, '–'],
  [NaN, '–'],
  [0.2, '<1'],
  [310.4, '310'],
  [20_011.4, '20011'],
] as const)('%d ms is %s: one unit, so that the longer number is the worse one', ([ms, text]) => {
  expect(milliseconds(ms)).toBe(text)
})

test('counts are listed most first, and none that is zero', () => {
  expect(counts({ timeout: 12, open: 188, reset: 0 })).toBe('open ×188, timeout ×12')
})
