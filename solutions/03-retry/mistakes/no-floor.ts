/**
 * Mistake: a share of the traffic and nothing else, so that a carrier with little traffic never gets a retry.
 * Replaces: budget.ts
 * Killed by: always grants a few, however little the traffic
 */
import { RetryBudget as Correct, type RetryBudgetOptions } from '../budget.ts'

export class RetryBudget extends Correct {
  constructor(options: RetryBudgetOptions = {}) {
    super({ ...options, minPerSecond: 0 })
  }
}
