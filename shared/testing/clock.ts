import { onTestFinished, vi } from 'vitest'
import { eventually } from './outcome.ts'

/**
 * A clock in the test's hand beside sockets that are real: what Node's own modules need in order to move bytes stays
 * as it is.
 */
export function holdTheClock(): void {
  hold()
}

/** The wall clock, too, which `vi.setSystemTime` sets; turns of the event loop stay real. */
export function holdBothClocks(): void {
  hold('Date')
}

function hold(...more: 'Date'[]): void {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', ...more],
  })
  // Outside of tests, no clock that one looks at stands at 0.
  vi.advanceTimersByTime(5_000)
}

/**
 * The monotonic clock goes on by `ms`, and no timer has a turn: the loop was blocked, or the process stood still. It stays
 * ahead until the test ends, or what is returned is called.
 */
export function clockLeaps(ms: number): () => void {
  const clock = performance
  const { now } = clock
  clock.now = () => now.call(clock) + ms
  const restore = () => void (clock.now = now)
  onTestFinished(restore)
  return restore
}

/** Lets `ms` of virtual time go by in five pieces, between which the bytes on the wire catch up. */
export async function elapse(ms: number): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await vi.advanceTimersByTimeAsync(ms / 5)
    await eventually(() => false, 1)
  }
}
