/**
 * An interval, and a list of what was, each worth half as much with each tick.
 * Replaces: loop-delay.ts
 */
export const TICK_MS = 10

export class LoopDelay {
  #tickedAt = performance.now()
  #recent: { ms: number; ticks: number }[] = []
  readonly #interval = setInterval(() => {
    const ms = performance.now() - this.#tickedAt - TICK_MS
    this.#tickedAt = performance.now()
    this.#recent = [...this.#recent, { ms, ticks: -1 }]
      .map(({ ms, ticks }) => ({ ms, ticks: ticks + 1 }))
      .filter(({ ticks }) => ticks < 20)
  }, TICK_MS).unref()

  get ms(): number {
    const past = this.#recent.map(({ ms, ticks }) => ms / 2 ** ticks)
    return Math.max(0, performance.now() - this.#tickedAt - TICK_MS, ...past)
  }

  stop(): void {
    clearInterval(this.#interval)
    this.#recent = []
    this.#tickedAt = Infinity
  }
}
