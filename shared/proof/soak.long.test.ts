import { expect, test } from 'vitest'
import { soak } from './soak.ts'

test(
  'a while of random faults: nothing grows, all adds up, and every answer is well-formed',
  { timeout: 300_000 },
  async () => {
    const { complaints, statuses, attempts, switches } = await soak({ seconds: 15, perSecond: 30, seed: 1 })
    expect(complaints).toEqual([])
    expect(statuses['200'], 'quotes in spite of it all').toBeGreaterThan(0)
    expect(attempts).toBeGreaterThan(0)
    expect(switches, 'faults set and lifted').toBeGreaterThan(10)
  },
)
