/**
 * Mistake: a window that is emptied every ten seconds: twice the retries for those that come around its edge.
 * Replaces: budget.ts
 * Killed by: grants no more in any ten seconds, whenever they begin
 */
import { RetryBudget as Correct, type RetryBudgetOptions } from '../budget.ts'

export class RetryBudget {
  readonly #options: RetryBudgetOptions
  #window: { number: number; budget: Correct } | undefined

  constructor(options: RetryBudgetOptions = {}) {
    this.#options = options
    void this.#budget
  }

  get #budget(): Correct {
    const number = Math.floor(performance.now() / (this.#options.windowMs ?? 10_000))
    if (this.#window?.number !== number) this.#window = { number, budget: new Correct(this.#options) }
    return this.#window.budget
  }

  get balance(): number {
    return this.#budget.balance
  }

  deposit(): void {
    this.#budget.deposit()
  }

  tryWithdraw(): boolean {
    return this.#budget.tryWithdraw()
  }
}
