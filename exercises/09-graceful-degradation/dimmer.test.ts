import { Dimmer, type DimmerOptions } from '#chapters/09-graceful-degradation/dimmer.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
  vi.advanceTimersByTime(5_000)
})

/** A dimmer that looks each half second, and a house that is as busy as the test says. */
function setUp(options: Partial<DimmerOptions> = {}) {
  const house = { busy: 0, chance: 0 }
  const pressure = vi.fn<() => number>(() => house.busy)
  const dimmer = new Dimmer({ pressure, extras: ['room'], random: () => house.chance, ...options })
  /** Half a second later, and that busy. */
  const brightnessAt = (busy: number) => {
    house.busy = busy
    vi.advanceTimersByTime(500)
    return dimmer.brightness
  }
  return { dimmer, house, pressure, brightnessAt }
}

describe('Step 6: Dim', () => {
  test('dims by halves when it is busy, and brightens by steps when it is not', () => {
    const { dimmer, brightnessAt } = setUp()
    expect(dimmer.brightness, 'to begin with').toBe(1)
    const down = [0.9, 0.95, 1, 1, 1].map(brightnessAt)
    expect(down, 'brightness, at a pressure of 0.9 and above; dark below 0.05').toEqual([0.5, 0.25, 0.125, 0.0625, 0])
    const up = Array.from({ length: 11 }, () => Number(brightnessAt(0.6).toFixed(6)))
    expect(up, 'brightness, at a pressure of 0.6').toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1])
    for (let i = 0; i < 5; i++) brightnessAt(1)
    expect([0.6, 1, 1].map(brightnessAt), 'a step from the dark, and down again: 0.05 is not below 0.05').toEqual([
      0.1, 0.05, 0,
    ])
    const other = setUp({ dimAt: 0.5, brightenAt: 0.2, step: 0.25 })
    expect([0.5, 0.21, 0.2, 0.49].map(other.brightnessAt), 'with dimAt 0.5, brightenAt 0.2 and step 0.25').toEqual([
      0.5, 0.5, 0.75, 0.75,
    ])
  })

  test('changes nothing between its thresholds', () => {
    const { brightnessAt } = setUp()
    expect(brightnessAt(1), 'at a pressure of 1').toBe(0.5)
    for (const busy of [0.61, 0.75, 0.89])
      expect(brightnessAt(busy), `at ${busy}: what it has turned off is why it is less busy`).toBe(0.5)
  })

  test('looks once in a while, however many ask, and by no timer', () => {
    const { dimmer, house, pressure } = setUp()
    house.busy = 1
    vi.advanceTimersByTime(499)
    expect(dimmer.brightness, 'after 499 ms, where it looks each 500').toBe(1)
    vi.advanceTimersByTime(1)
    for (let i = 0; i < 1_000; i++) dimmer.allows('room')
    expect(pressure, 'looks, for a thousand requests: whoever asks `allows` asks, too').toHaveBeenCalledTimes(1)
    expect(dimmer.brightness, 'after 500 ms').toBe(0.5)
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(dimmer.brightness, 'an hour later by the wall clock').toBe(0.5)
    vi.advanceTimersByTime(60_000)
    expect(dimmer.brightness, 'after a minute in which nobody came: one look').toBe(0.25)
    expect(vi.getTimerCount(), 'timers').toBe(0)
    const rare = setUp({ everyMs: 2_000 })
    rare.brightnessAt(1)
    expect(rare.dimmer.brightness, 'after half a second, with everyMs of 2,000').toBe(1)
  })

  test('turns the last extra off first, and a share of the next by chance', () => {
    const { dimmer, house, brightnessAt } = setUp({ extras: ['room', 'map', 'offers'] })
    const allowed = (chance: number) => {
      house.chance = chance
      return ['room', 'map', 'offers'].filter((extra) => dimmer.allows(extra))
    }
    expect(allowed(0.999), 'at a brightness of 1').toEqual(['room', 'map', 'offers'])
    expect(brightnessAt(1), 'at a pressure of 1').toBe(0.5)
    expect(allowed(0.49), 'at 0.5 there is light for one and a half of three; drawn 0.49').toEqual(['room', 'map'])
    expect(allowed(0.5), 'and drawn 0.5').toEqual(['room'])
    expect(brightnessAt(1), 'and again').toBe(0.25)
    expect(allowed(0.74), 'at 0.25, for three quarters of one; drawn 0.74').toEqual(['room'])
    expect(allowed(0.75), 'and drawn 0.75').toEqual([])
    for (let i = 0; i < 3; i++) brightnessAt(1)
    expect(allowed(0), 'at 0').toEqual([])
  })
})
