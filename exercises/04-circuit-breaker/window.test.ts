import { RollingWindow } from '#chapters/04-circuit-breaker/window.ts'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { seededRandom } from '../../shared/core/random.ts'

// The real clock, also while a test has the other one in its hand.
const { now: realNow } = Date

beforeEach(() => {
  vi.useFakeTimers()
})

describe('Step 7: Judge by what is recent', () => {
  test('forgets what is older than the window', () => {
    const window = new RollingWindow(1_000, 10)
    for (let i = 0; i < 3; i++) window.record(true)
    vi.advanceTimersByTime(600)
    for (let i = 0; i < 2; i++) window.record(false)
    expect(window.counts(), 'all five are of the last second').toEqual({ calls: 5, failures: 3 })
    vi.advanceTimersByTime(400)
    expect(
      window.counts(),
      'the failures are a second old, the window is a second long (is it on the global performance.now()? That is the clock that the tests turn)',
    ).toEqual({
      calls: 2,
      failures: 0,
    })
    for (const [windowMs, buckets] of [
      [5, 10],
      [10, 4],
      [1_000, 1],
    ] as const) {
      const window = new RollingWindow(windowMs, buckets)
      const sliced = `a window of ${windowMs} ms in ${buckets} slices, which need not be whole milliseconds`
      window.record(true)
      expect(window.counts(), `a call of this very instant, in ${sliced}`).toEqual({ calls: 1, failures: 1 })
      vi.advanceTimersByTime(windowMs)
      expect(window.counts(), `a call of ${windowMs} ms ago, in ${sliced}`).toEqual({ calls: 0, failures: 0 })
    }
  })

  test('forgets a slice at a time, not everything at once', () => {
    const window = new RollingWindow(1_000, 10)
    const random = seededRandom(4)
    const calls: number[] = []
    const younger = (ms: number, now = performance.now()) => calls.filter((at) => now - at < ms).length
    for (let i = 0; i < 400; i++) {
      // In step with the slices, then out of step, then as it comes.
      vi.advanceTimersByTime(i < 50 ? 100 : i < 100 ? 150 : Math.floor(random() * 130))
      calls.push(performance.now())
      window.record(true)
      const counted = window.counts().calls
      const when = `after call ${i + 1}, calls counted by a window of 1,000 ms in slices of 100 ms`
      expect(counted, `${when}: those of the last second are all that it may know`).toBeLessThanOrEqual(
        younger(1_000.1),
      )
      expect(counted, `${when}: it must know those of the last 900 ms`).toBeGreaterThanOrEqual(younger(900))
    }
  })

  test('forgets over an idle night, as over a short break', () => {
    for (const idleMs of [1_000, 1_050, 1_100, 1_500, 12 * 3_600_000, 12 * 3_600_000 + 350]) {
      const window = new RollingWindow(1_000, 10)
      for (let i = 0; i < 20; i++) {
        window.record(true)
        vi.advanceTimersByTime(50)
      }
      vi.advanceTimersByTime(idleMs)
      expect(window.counts(), `nobody called for ${idleMs} ms: one turn of the ring is not enough`).toEqual({
        calls: 0,
        failures: 0,
      })
      window.record(false)
      expect(window.counts(), 'the first call after the break').toEqual({ calls: 1, failures: 0 })
    }
    const tookMs = [1, 2, 3].map(() => {
      const window = new RollingWindow(10, 10)
      window.record(true)
      vi.advanceTimersByTime(3 * 3_600_000)
      const startedAt = realNow()
      window.record(false)
      return realNow() - startedAt
    })
    expect(
      Math.min(...tookMs),
      'real milliseconds for the first call after three idle hours, 10.8 million slices: empty each bucket once, not once for each slice',
    ).toBeLessThan(10)
  })

  // What has constant memory cannot take longer for more calls either: there is nothing more to go through.
  test('needs no more room for 100,000 calls than for 100', () => {
    vi.useRealTimers()
    setFlagsFromString('--expose-gc')
    const collectGarbage: () => void = runInNewContext('gc')
    const retained = () => {
      collectGarbage()
      return getHeapStatistics().used_heap_size
    }
    const window = new RollingWindow(3_600_000, 10)
    const recordUpTo = (calls: number) => {
      for (let i = window.counts().calls; i < calls; i++) window.record(i % 2 === 0)
    }
    recordUpTo(100)
    const before = retained()
    recordUpTo(100_000)
    const bytesPerCall = (retained() - before) / 100_000
    expect(window.counts(), 'they all count').toEqual({ calls: 100_000, failures: 50_000 })
    expect(bytesPerCall, 'bytes kept for each call: count the calls, do not collect them').toBeLessThan(4)
  })

  test('does not notice when somebody sets the wall clock', () => {
    const window = new RollingWindow(1_000, 10)
    window.record(true)
    for (const stepMs of [3_600_000, -7_200_000]) {
      vi.setSystemTime(Date.now() + stepMs)
      window.record(true)
    }
    expect(window.counts(), 'three calls within a millisecond, whatever the wall clock says').toEqual({
      calls: 3,
      failures: 3,
    })
    vi.advanceTimersByTime(1_000)
    expect(window.counts(), 'Date.now() jumps, performance.now() does not').toEqual({ calls: 0, failures: 0 })
  })
})
