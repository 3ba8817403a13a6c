import { afterEach, describe, expect, test, vi } from 'vitest'
import { sleep } from './sleep.ts'

describe('sleep', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('is never early, not by a fraction of a millisecond', async () => {
    vi.useFakeTimers()
    const startedAt = performance.now()
    const slept = sleep(1.7).then(() => performance.now() - startedAt)
    await vi.advanceTimersByTimeAsync(10)
    expect(await slept).toBe(2)
  })

  test('holds what setTimeout cannot', async () => {
    vi.useFakeTimers()
    const woken = vi.fn<() => void>()
    const asleep = new AbortController()
    const done = [sleep(2 ** 31 + 5).then(woken), sleep(Infinity, asleep.signal).catch(woken)]
    await vi.advanceTimersByTimeAsync(2 ** 31)
    expect(woken, 'a longer delay fires after 1 ms').not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(5)
    asleep.abort()
    await Promise.all(done)
    expect(woken).toHaveBeenCalledTimes(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('lets the loop turn, also when there is nothing to wait for', async () => {
    let turned = false
    setTimeout(() => (turned = true))
    await sleep(0)
    expect(turned, 'who is behind schedule would never let anybody else run').toBe(true)
  })
})
