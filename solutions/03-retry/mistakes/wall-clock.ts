/**
 * Mistake: keeps its window by the wall clock; when that is set back by an hour, nothing expires for an hour.
 * Replaces: budget.ts
 * Killed by: forgets what is older than its window
 */
import type { RetryBudgetOptions } from '../budget.ts'

export class RetryBudget {
  readonly #options: Required<RetryBudgetOptions>
  #calls: number[] = []
  #retries: number[] = []

  constructor({ ratio = 0.1, minPerSecond = 1, windowMs = 10_000 }: RetryBudgetOptions = {}) {
    this.#options = { ratio, minPerSecond, windowMs }
  }

  get balance(): number {
    const { ratio, minPerSecond, windowMs } = this.#options
    const recent = (instants: number[]) => instants.filter((at) => Date.now() - at < windowMs)
    this.#calls = recent(this.#calls)
    this.#retries = recent(this.#retries)
    return ratio * this.#calls.length + (minPerSecond * windowMs) / 1000 - this.#retries.length
  }

  deposit(): void {
    this.#calls.push(Date.now())
  }

  tryWithdraw(): boolean {
    return this.balance >= 1 && this.#retries.push(Date.now()) > 0
  }
}
