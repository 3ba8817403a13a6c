/**
 * Mistake: the defaults of the library that it is from (20 %, and 10 a second), and not those that it documents.
 * Replaces: budget.ts
 * Killed by: always grants a few, however little the traffic
 */
import { RetryBudget as Correct, type RetryBudgetOptions } from '../budget.ts'

export * from '../budget.ts'

export class RetryBudget extends Correct {
  constructor(options: RetryBudgetOptions = {}) {
    super({ ratio: 0.2, minPerSecond: 10, ...options })
  }
}
