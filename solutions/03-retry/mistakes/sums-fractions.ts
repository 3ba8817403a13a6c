/**
 * Mistake: adds up tenths of a token. Ten of them are 0.9999999999999999, which buys nothing.
 * Replaces: budget.ts
 * Killed by: grants one retry for every ten calls
 */
import type { RetryBudgetOptions } from '../budget.ts'

export class RetryBudget {
  readonly #ratio: number
  balance: number

  constructor({ ratio = 0.1, minPerSecond = 1, windowMs = 10_000 }: RetryBudgetOptions = {}) {
    this.#ratio = ratio
    this.balance = (minPerSecond * windowMs) / 1000
  }

  deposit(): void {
    this.balance += this.#ratio
  }

  tryWithdraw(): boolean {
    if (this.balance < 1) return false
    this.balance--
    return true
  }
}
