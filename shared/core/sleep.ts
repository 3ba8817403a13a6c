import { deadlineAfter, msUntil } from './deadline.ts'

/** The longest delay that `setTimeout` takes; it fires a longer one after 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Resolves after `ms` milliseconds, never earlier, by `performance.now()`; `Infinity` waits for the signal. Rejects with
 * the signal's reason as soon as it aborts.
 *
 * It stands on the global `setTimeout`, not on `node:timers/promises`, because test clocks fake only the former.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  const until = deadlineAfter(ms)
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    let timer: NodeJS.Timeout
    const onTimer = () => {
      // Asked again when it fires: a timer may be a fraction of a millisecond early, and whoever wakes before the end of
      // a break or of a `Retry-After` is refused.
      const leftMs = msUntil(until)
      if (leftMs > 0) return wait(leftMs)
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    const wait = (leftMs: number) => {
      timer = setTimeout(onTimer, Math.min(leftMs, MAX_TIMER_MS))
    }
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    wait(ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
