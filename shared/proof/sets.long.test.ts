import { expect, test, vi } from 'vitest'
import { sets } from './sets.ts'

// Some seconds on a quiet machine, for each set.
vi.setConfig({ testTimeout: 1_200_000 })

test('whatever is solved, alone, so far or all but one, Parcel answers healthy traffic in full', async () => {
  expect((await sets({ seed: 1, draws: 0, short: true })).complaints).toEqual([])
})
