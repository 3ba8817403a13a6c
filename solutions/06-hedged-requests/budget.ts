import { checkOptions, count, share } from '../../shared/core/options.ts'

export interface HedgeBudgetOptions {
  /** Hedges for each call, 0 to 1. Default: 0.05, a twentieth more load. */
  ratio?: number
  /** How many hedges quiet times may save up: a whole number, 1 or more. Default: 10. */
  burst?: number
}

/**
 * What pays for the hedges: at no moment have there been more of them than `ratio` times the calls. One for each
 * backend, shared by all who call it. Without it, a backend that has become slow is asked twice by everybody, which does
 * not make it faster.
 *
 * It begins empty, so that a restart is no gift, and holds no more than `burst`, so that a quiet night does not pay for a
 * storm in the morning.
 */
export class HedgeBudget {
  // Kept in calls and not in hedges: ten times 0.1 is a little less than 1, ten times 1 is 10.
  readonly #price: number
  readonly #most: number
  #calls = 0

  /** @throws RangeError for options out of bounds */
  constructor({ ratio = 0.05, burst = 10 }: HedgeBudgetOptions = {}) {
    checkOptions({ ratio, burst }, { ratio: share, burst: count })
    this.#price = 1 / ratio
    this.#most = burst * this.#price
  }

  /** Counts a call, also one that may not be hedged: it is load like any other. */
  deposit(): void {
    this.#calls = Math.min(this.#calls + 1, this.#most)
  }

  /** Pays for a hedge, unless there is too little left. */
  tryWithdraw(): boolean {
    if (this.#calls < this.#price) return false
    this.#calls -= this.#price
    return true
  }
}
