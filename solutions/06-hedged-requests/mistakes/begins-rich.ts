/**
 * Mistake: begins with a full budget: after each restart, the first slow second is hedged whole.
 * Replaces: budget.ts
 * Killed by: begins with nothing, and saves up no more than a burst
 */
import { HedgeBudget as Correct, type HedgeBudgetOptions } from '../budget.ts'

export * from '../budget.ts'

export class HedgeBudget extends Correct {
  constructor({ ratio = 0.05, burst = 10 }: HedgeBudgetOptions = {}) {
    super({ ratio, burst })
    for (let i = 0; i < burst / ratio; i++) this.deposit()
  }
}
