/**
 * Mistake: compares all hedges with all calls since the start, so that a quiet night pays for a storm.
 * Replaces: budget.ts
 * Killed by: begins with nothing, and saves up no more than a burst
 */
import { HedgeBudget as Correct, type HedgeBudgetOptions } from '../budget.ts'

export * from '../budget.ts'

export class HedgeBudget extends Correct {
  constructor({ ratio }: HedgeBudgetOptions = {}) {
    super({ ratio, burst: Number.MAX_SAFE_INTEGER })
  }
}
