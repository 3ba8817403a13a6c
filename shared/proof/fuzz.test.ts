import { expect, test } from 'vitest'
import { fuzz, INPUTS } from './fuzz.ts'

const SEED = 2026

test.for(Object.keys(INPUTS))('%s: never a 5xx, a problem each time, and a good answer afterwards', { timeout: 180_000 }, async (name) => {
  const { runs, complaints } = await fuzz(name, 100, SEED, 20_000)
  expect(complaints, complaints.join('\n')).toEqual([])
  expect(runs).toBeGreaterThan(0)
})
