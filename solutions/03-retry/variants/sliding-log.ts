/**
 * Another shape: the instant of each call and of each retry instead of counts in slices: exact, and as long as the traffic.
 * Replaces: budget.ts
 */
import type { RetryBudgetOptions } from '../budget.ts'

export type { RetryBudgetOptions }

export class RetryBudget {
  #calls: number[] = []
  #retries: number[] = []
  readonly #allowed: () => number
  readonly #windowMs: number

  constructor({ ratio = 0.1, minPerSecond = 1, windowMs = 10_000 }: RetryBudgetOptions = {}) {
    for (const [name, value] of Object.entries({ ratio, minPerSecond, windowMs }))
      if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
        throw new RangeError(`${name} must be 0 or more, and an end to it`)
    if (windowMs === 0) throw new RangeError('windowMs must be above 0')
    this.#windowMs = windowMs
    this.#allowed = () => ratio * this.#calls.length + (minPerSecond * windowMs) / 1000
  }

  get balance(): number {
    const since = performance.now() - this.#windowMs
    this.#calls = this.#calls.filter((at) => at > since)
    this.#retries = this.#retries.filter((at) => at > since)
    return this.#allowed() - this.#retries.length
  }

  deposit(): void {
    this.#calls.push(performance.now())
  }

  tryWithdraw(): boolean {
    const granted = this.balance >= 1
    if (granted) this.#retries.push(performance.now())
    return granted
  }
}
