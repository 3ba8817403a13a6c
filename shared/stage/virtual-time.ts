import { MAX_TIMER_MS } from '../core/sleep.ts'

type Callback = (...args: unknown[]) => void

/** From a promise's callback, the next tick comes when no other promise has anything left to do. */
const promisesAtRest = () => new Promise<void>((resolve) => process.nextTick(resolve))

const { setImmediate } = globalThis
/** Bytes may be on their way through the kernel for a turn or two. */
const QUIET_TURNS = 3

/** When nothing has come in through any socket of this process for some turns of its loop, nothing is on its way. */
export async function socketsAtRest(): Promise<void> {
  const seen = () => performance.nodeTiming.uvMetricsInfo.events
  for (let before = seen(), quiet = 0; quiet < QUIET_TURNS;) {
    await new Promise((resolve) => setImmediate(resolve))
    const events = seen()
    quiet = events === before ? quiet + 1 : 0
    before = events
  }
}

/**
 * Runs `work` on a clock that stands still while there is something to do and then jumps to the next timer, so that an
 * hour of waiting takes no time and the same seed gives the same run. Real code runs on it unchanged, as far as it
 * takes its time from the global timers, `performance.now()`, `Date.now()` and `AbortSignal.timeout`.
 *
 * A test's fake timers can do that too, but look through all timers for the next one; here there are millions.
 *
 * @param atRest resolves when there is nothing to do but wait for a timer; with sockets, `socketsAtRest`
 * @throws Error when `work` waits for something that is neither
 */
export async function inVirtualTime<T>(work: () => Promise<T>, atRest = promisesAtRest): Promise<T> {
  const timers = new Timers()
  const release = takeTheClock(timers)
  let running = true
  try {
    const result = work().finally(() => (running = false))
    result.catch(() => {})
    await null
    for (;;) {
      await atRest()
      if (!running) return await result
      const next = timers.next()
      if (!next) throw new Error('Nothing left to wait for, and the work is not done: is it waiting for real time?')
      timers.now = next.at
      next.callback?.()
    }
  } finally {
    release()
  }
}

/** @returns how to give it back */
function takeTheClock(timers: Timers): () => void {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis
  const { now } = performance
  const dateNow = Date.now
  const { timeout } = AbortSignal

  const clear = (timer?: Timer) => timer?.close()
  const set = (callback: Callback, ms?: number, ...args: unknown[]) =>
    new Timer(timers, ms, args.length > 0 ? () => callback(...args) : callback)
  const repeat = (callback: Callback, ms?: number, ...args: unknown[]) => {
    const timer: Timer = set(() => {
      timer.refresh()
      callback(...args)
    }, ms)
    return timer
  }
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear, setInterval: repeat, clearInterval: clear })
  const startedAt = dateNow()
  performance.now = () => timers.now
  Date.now = () => startedAt + Math.floor(timers.now)
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController()
    set(() => controller.abort(new DOMException('The time is up', 'TimeoutError')), ms)
    return controller.signal
  }
  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval })
    performance.now = now
    Date.now = dateNow
    AbortSignal.timeout = timeout
  }
}

/** As Node's, as far as anybody asks. */
class Timer {
  readonly #timers: Timers
  readonly #ms: number
  readonly #callback: () => void
  #entry: Entry

  constructor(timers: Timers, ms: number | undefined, callback: () => void) {
    this.#timers = timers
    // What a timer cannot hold, Node reads as 1 ms; so that is what code that goes wrong there has to be given.
    this.#ms = ms !== undefined && ms >= 1 && ms <= MAX_TIMER_MS ? ms : 1
    this.#callback = callback
    this.#entry = timers.add(timers.now + this.#ms, callback)
  }

  close(): this {
    this.#entry.callback = null
    return this
  }

  refresh(): this {
    this.close()
    this.#entry = this.#timers.add(this.#timers.now + this.#ms, this.#callback)
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }
}

interface Entry {
  readonly at: number
  /** Of two at the same instant, the one that was set first comes first. */
  readonly order: number
  /** Null once it has been cleared. */
  callback: (() => void) | null
}

/** A binary heap, the earliest first; and the clock that it stands for. */
class Timers {
  now = 0
  readonly #heap: Entry[] = []
  #count = 0

  add(at: number, callback: () => void): Entry {
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
  next(): Entry | undefined {
    const heap = this.#heap
    for (;;) {
      const first = heap[0]
      const last = heap.pop()
      if (first !== last) this.#sink(last!)
      if (!first || first.callback) return first
    }
  }

  #sink(timer: Entry): void {
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

const isBefore = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order)
