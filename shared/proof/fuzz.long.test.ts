import { expect, test } from 'vitest'
import { withAlarms } from '../stage/alarms.ts'
import { fuzz } from './fuzz.ts'
import { INPUTS } from './requests.ts'

const SEED = 2026

test.for(Object.keys(INPUTS))(
  '%s: never a 5xx, a problem each time, and a good answer afterwards',
  { timeout: 180_000 },
  async (name) => {
    const { value, alarms } = await withAlarms(() => fuzz(name, 100, SEED, 20_000))
    const wrong = [...value.complaints, ...alarms]
    expect(wrong, wrong.join('\n')).toEqual([])
    expect(value.runs).toBeGreaterThan(0)
    // Who is turned away at the door has tried no further lock.
    if (!name.startsWith('garbage'))
      expect(Object.keys(value.statuses)).toContainEqual(expect.stringMatching(/^20[01]$/))
  },
)
