interface Timer {
  at: number
  /** Null once it has been cleared. */
  callback: (() => void) | null
}

/**
 * Runs `work` on a clock that stands still while there is something to do and then jumps to the next timer, so that an
 * hour of waiting takes no time and the same seed gives the same run. Real code runs on it unchanged, as far as it
 * takes its time from the global `setTimeout`, `clearTimeout` and `performance.now()`.
 *
 * A test's fake timers can do that too, but look through all timers for the next one; here there are millions.
 *
 * @throws Error when `work` waits for something that is not a timer
 */
export async function inVirtualTime<T>(work: () => Promise<T>): Promise<T> {
  const real = { setTimeout, clearTimeout, now: performance.now }
  const timers = new Timers()
  let now = 0
  let running = true
  performance.now = () => now
  globalThis.setTimeout = ((callback: () => void, ms = 0) => timers.add(now + Math.max(1, ms), callback)) as never
  globalThis.clearTimeout = ((timer?: Timer) => timer && (timer.callback = null)) as never
  try {
    const result = work().finally(() => (running = false))
    result.catch(() => {})
    await null
    for (;;) {
      // From a promise's callback, the next tick comes when no other promise has anything left to do.
      await new Promise<void>((resolve) => process.nextTick(resolve))
      if (!running) return await result
      const next = timers.next()
      if (!next) throw new Error('Nothing left to wait for, and the work is not done: is it waiting for real time?')
      now = next.at
      next.callback?.()
    }
  } finally {
    globalThis.setTimeout = real.setTimeout
    globalThis.clearTimeout = real.clearTimeout
    performance.now = real.now
  }
}

/** A binary heap: the earliest first, and of two at the same instant the one that was set first. */
class Timers {
  readonly #heap: (Timer & { order: number })[] = []
  #count = 0

  add(at: number, callback: () => void): Timer {
    const timer = { at, callback, order: this.#count++ }
    const heap = this.#heap
    let i = heap.push(timer) - 1
    for (let up = (i - 1) >> 1; i > 0 && isBefore(timer, heap[up]!); up = (i - 1) >> 1) {
      heap[i] = heap[up]!
      i = up
    }
    heap[i] = timer
    return timer
  }

  /** Takes the earliest timer that has not been cleared. */
  next(): Timer | undefined {
    const heap = this.#heap
    for (;;) {
      const first = heap[0]
      const last = heap.pop()
      if (first !== last) this.#sink(last!)
      if (!first || first.callback) return first
    }
  }

  #sink(timer: Timer & { order: number }): void {
    const heap = this.#heap
    let i = 0
    for (let down = 1; down < heap.length; down = 2 * i + 1) {
      if (down + 1 < heap.length && isBefore(heap[down + 1]!, heap[down]!)) down++
      if (!isBefore(heap[down]!, timer)) break
      heap[i] = heap[down]!
      i = down
    }
    heap[i] = timer
  }
}

type Ordered = Timer & { order: number }
const isBefore = (a: Ordered, b: Ordered) => a.at < b.at || (a.at === b.at && a.order < b.order)
