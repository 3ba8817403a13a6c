/** How often it looks whether it is late. */
export const TICK_MS = 10

/**
 * How late the event loop is: for how long whatever comes in now has to lie there before anybody reads it. A queue of which
 * nobody has the length, and in which everything stands that this process does.
 */
export class LoopDelay {
  #dueAt = 0
  #recentMs = 0
  #timer: NodeJS.Timeout

  constructor() {
    this.#timer = this.#wait()
  }

  /**
   * Milliseconds. What is late now is known at once, and not only when its timer has had a turn; what was late is forgotten
   * by half with each tick.
   */
  get ms(): number {
    return Math.max(this.#recentMs, performance.now() - this.#dueAt)
  }

  /** From then on it is not late. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#recentMs = 0
    this.#dueAt = Infinity
  }

  #wait(): NodeJS.Timeout {
    this.#dueAt = performance.now() + TICK_MS
    const onTimer = () => {
      this.#recentMs = Math.max(this.#recentMs / 2, performance.now() - this.#dueAt)
      this.#timer = this.#wait()
    }
    return setTimeout(onTimer, TICK_MS).unref()
  }
}
