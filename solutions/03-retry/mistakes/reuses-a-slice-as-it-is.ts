/**
 * Mistake: ten slices in a ring, and the one whose turn comes again gets its new number but keeps its old counts.
 * Replaces: budget.ts
 * Killed by: grants no more in any ten seconds, whenever they begin
 */
import type { RetryBudgetOptions } from '../budget.ts'

export class RetryBudget {
  readonly #options: Required<RetryBudgetOptions>
  readonly #slices = Array.from({ length: 10 }, () => ({ number: -Infinity, calls: 0, retries: 0 }))

  constructor({ ratio = 0.1, minPerSecond = 1, windowMs = 10_000 }: RetryBudgetOptions = {}) {
    this.#options = { ratio, minPerSecond, windowMs }
  }

  get #slice() {
    const number = Math.floor(performance.now() / (this.#options.windowMs / 10))
    return Object.assign(this.#slices[number % 10]!, { number })
  }

  get balance(): number {
    const { ratio, minPerSecond, windowMs } = this.#options
    const { number: now } = this.#slice
    return this.#slices
      .filter(({ number }) => number > now - 10)
      .reduce((left, { calls, retries }) => left + ratio * calls - retries, (minPerSecond * windowMs) / 1000)
  }

  deposit(): void {
    this.#slice.calls++
  }

  tryWithdraw(): boolean {
    if (this.balance < 1) return false
    this.#slice.retries++
    return true
  }
}
