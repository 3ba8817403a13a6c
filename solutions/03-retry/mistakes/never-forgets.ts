/**
 * Mistake: counts in whole calls, but for ever: the night's outage is paid for by the day's traffic.
 * Replaces: budget.ts
 * Killed by: forgets what is older than its window
 */
import type { RetryBudgetOptions } from '../budget.ts'

export class RetryBudget {
  readonly #ratio: number
  readonly #floor: number
  #calls = 0
  #retries = 0

  constructor({ ratio = 0.1, minPerSecond = 1, windowMs = 10_000 }: RetryBudgetOptions = {}) {
    this.#ratio = ratio
    this.#floor = (minPerSecond * windowMs) / 1000
  }

  get balance(): number {
    return this.#ratio * this.#calls + this.#floor - this.#retries
  }

  deposit(): void {
    this.#calls++
  }

  tryWithdraw(): boolean {
    if (this.balance < 1) return false
    this.#retries++
    return true
  }
}
