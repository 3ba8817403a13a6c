/**
 * Mistake: counts what a hedge costs in whole calls: three for a ratio of 0.3, which is a third, and one for 0.7, which is all.
 * Replaces: budget.ts
 * Killed by: allows no more hedges than the budget's share of the calls
 */
import { HedgeBudget as Correct, type HedgeBudgetOptions } from '../budget.ts'

export * from '../budget.ts'

export class HedgeBudget extends Correct {
  constructor({ ratio = 0.05, burst }: HedgeBudgetOptions = {}) {
    super({ ratio: ratio && 1 / Math.floor(1 / ratio), burst })
  }
}
