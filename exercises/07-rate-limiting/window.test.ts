import { SlidingWindow } from '#chapters/07-rate-limiting/window.ts'
import { beforeEach, describe, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
  // Where a window begins, whichever way one counts them.
  vi.advanceTimersByTime(60_000)
})

/** Asks so often at once. @returns how often it was allowed */
const asks = (window: SlidingWindow, times: number, cost?: number) =>
  Array.from({ length: times }, () => window.allow(cost)).filter(Boolean).length

describe('Step 9: A window that slides', () => {
  test('lets no more than its limit through at once, across any edge', () => {
    for (const beforeMs of [1, 100, 300, 999]) {
      for (const afterMs of [0, 1, 50]) {
        const window = new SlidingWindow({ limit: 100, windowMs: 1_000 })
        vi.advanceTimersByTime(1_000 - beforeMs)
        const before = asks(window, 150)
        vi.advanceTimersByTime(beforeMs + afterMs)
        const after = asks(window, 150)
        expect(before, 'of 150 at once').toBe(100)
        expect(
          after,
          `of 150, ${beforeMs + afterMs} ms later and ${afterMs} ms behind the edge of a window of a second: what has slid out of it`,
        ).toBe(Math.floor(afterMs / 10))
        vi.advanceTimersByTime(3_000 - (performance.now() % 1_000))
      }
    }
  })

  test('lets the last window melt away, and with it up to twice as many through', () => {
    const window = new SlidingWindow({ limit: 100, windowMs: 1_000 })
    vi.advanceTimersByTime(999)
    expect(asks(window, 150), 'of 150, at the end of a window').toBe(100)
    let spread = 0
    for (let ms = 0; ms < 1_000; ms++) {
      vi.advanceTimersByTime(1)
      spread += asks(window, 2)
    }
    expect(spread, 'in the next window, asked all the time: this is its price, and no mistake').toBe(99)
    vi.advanceTimersByTime(1)
    expect(asks(window, 150), 'of 150, when that one is over, of which 99 count').toBe(1)
  })

  test('forgets an idle while, however long', () => {
    const window = new SlidingWindow({ limit: 10, windowMs: 1_000 })
    expect(asks(window, 20), 'of 20').toBe(10)
    vi.advanceTimersByTime(2_000)
    expect(asks(window, 20), 'of 20, two windows later: the one between was empty').toBe(10)
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(asks(window, 20), 'of 20, when somebody has put the wall clock forward').toBe(0)
    vi.advanceTimersByTime(24 * 3_600_000)
    expect(asks(window, 20, 3), 'of 20 that cost three, the day after').toBe(3)
    expect(vi.getTimerCount(), 'timers').toBe(0)
  })
})
