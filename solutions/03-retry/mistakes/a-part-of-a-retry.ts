/**
 * Mistake: anything above 0 is a retry; the first call has paid for a tenth of one, and gets it.
 * Replaces: budget.ts
 * Killed by: grants one retry for every ten calls
 */
import { RetryBudget as Correct } from '../budget.ts'

export class RetryBudget extends Correct {
  #borrowed = 0

  override get balance(): number {
    return super.balance - this.#borrowed
  }

  override tryWithdraw(): boolean {
    if (this.balance <= 0) return false
    if (!super.tryWithdraw()) this.#borrowed++
    return true
  }
}
