import { expect, test } from 'vitest'
import { crash } from './crash.ts'

test('Parcel killed at any moment: each key is booked once, and none is lost', { timeout: 600_000 }, async () => {
  const { complaints, kills, keys, promised, scans, cut } = await crash({ kills: 20, seed: 1, customers: 4 })
  expect(complaints).toEqual([])
  expect(kills).toBe(20)
  expect(keys).toBeGreaterThan(20)
  expect(scans, 'scans that were taken').toBeGreaterThan(1000)
  expect(promised, 'bookings that nobody has asked for again').toBeGreaterThan(5)
  expect(cut, 'bookings during which Parcel died').toBeGreaterThan(0)
})
