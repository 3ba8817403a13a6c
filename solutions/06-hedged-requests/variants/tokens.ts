/**
 * Replaces: budget.ts
 */
import type { HedgeBudgetOptions } from '../budget.ts'

export * from '../budget.ts'

/** A token bucket that holds parts of hedges. */
export class HedgeBudget {
  readonly #ratio: number
  readonly #burst: number
  #tokens = 0

  constructor({ ratio = 0.05, burst = 10 }: HedgeBudgetOptions = {}) {
    if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`ratio: from 0 to 1, not ${ratio}`)
    if (!(burst >= 1)) throw new RangeError(`burst: 1 or more, not ${burst}`)
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
