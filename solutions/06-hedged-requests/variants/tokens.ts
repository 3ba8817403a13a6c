/**
 * Replaces: budget.ts
 */
import { checkOptions, count, share } from '../../../shared/core/options.ts'
import type { HedgeBudgetOptions } from '../budget.ts'

export * from '../budget.ts'

/** A token bucket that holds parts of hedges. */
export class HedgeBudget {
  readonly #ratio: number
  readonly #burst: number
  #tokens = 0

  constructor({ ratio = 0.05, burst = 10 }: HedgeBudgetOptions = {}) {
    checkOptions({ ratio, burst }, { ratio: share, burst: count })
    this.#ratio = ratio
    this.#burst = burst
  }

  deposit(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + this.#ratio)
  }

  tryWithdraw(): boolean {
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
