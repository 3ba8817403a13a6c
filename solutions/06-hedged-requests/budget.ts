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

/**
 * At no moment have there been more extra attempts than `ratio` times the calls, however slow the backend has become:
 * when everything is slow, every call asks for a hedge, and all but this share must be told no. It begins empty, so
 * that a restart is no gift, and is capped, so that a quiet night does not pay for a storm in the morning.
 *
 * @throws RangeError for options out of bounds
 */
export function hedgeBudget({ ratio = 0.05, burst = 10 }: BudgetOptions = {}): HedgeBudget {
  if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`ratio must be from 0 to 1, got ${ratio}`)
  if (!(burst >= 1)) throw new RangeError(`burst must be 1 or more, got ${burst}`)
  // Kept in calls and not in attempts: ten times 0.1 is a little less than 1, ten times 1 is 10.
  const price = 1 / ratio
  let calls = 0
  return {
    earn() {
      calls = Math.min(calls + 1, burst * price)
    },
    spend() {
      if (calls < price) return false
      calls -= price
      return true
    },
  }
}
