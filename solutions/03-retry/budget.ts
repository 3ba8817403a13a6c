import { checkOptions, durationMs, type Rule } from '../../shared/core/options.ts'

/** Limits of the retries to one backend. */
export interface RetryBudgetOptions {
  /** Retries per call: 0.1 allows one more call for every ten, whatever goes wrong. Finite, 0 or more. Default: 0.1. */
  ratio?: number
  /** Retries per second that are always allowed, or a backend with little traffic never gets one. Finite, 0 or more. Default: 1. */
  minPerSecond?: number
  /** For how long a call, and a retry, counts, give or take a tenth. Finite, above 0. Default: 10,000. */
  windowMs?: number
}

const rate: Rule = [(value) => value >= 0 && value < Infinity, 'a finite number, 0 or more']

interface Slice {
  number: number
  calls: number
  retries: number
}

/** The window moves on in tenths: exact enough, and as cheap for a million calls as for ten. */
const SLICES = 10

/**
 * Keeps retries a small share of all calls: within any window, at most `ratio` × calls + `minPerSecond` × its seconds.
 * One for each backend, shared by all who call it; `maxAttempts` alone makes three calls of each when all of them fail.
 *
 * After `RetryBudget` in Finagle, and the client-side budgets of "Site Reliability Engineering" (O'Reilly, 2016), chapter 21.
 */
export class RetryBudget {
  readonly #ratio: number
  readonly #floor: number
  readonly #sliceMs: number
  readonly #slices: Slice[] = Array.from({ length: SLICES }, () => ({ number: -Infinity, calls: 0, retries: 0 }))

  /** @throws RangeError for options out of bounds */
  constructor({ ratio = 0.1, minPerSecond = 1, windowMs = 10_000 }: RetryBudgetOptions = {}) {
    checkOptions({ ratio, minPerSecond, windowMs }, { ratio: rate, minPerSecond: rate, windowMs: durationMs })
    this.#ratio = ratio
    this.#floor = (minPerSecond * windowMs) / 1000
    this.#sliceMs = windowMs / SLICES
  }

  /** How many retries are left. */
  get balance(): number {
    // What is older than the window is passed over, not carried on: a busy day buys no retries for a bad night.
    const counting = this.#slices.filter(({ number }) => number > this.#now - SLICES)
    const sum = (key: 'calls' | 'retries') => counting.reduce((total, slice) => total + slice[key], 0)
    return this.#ratio * sum('calls') + this.#floor - sum('retries')
  }

  /** Counts a call; its retries do not count as calls, or they would pay for each other. */
  deposit(): void {
    this.#slice.calls++
  }

  /** Counts a retry, unless there is none left. Ask before waiting: what will be refused is better refused at once. */
  tryWithdraw(): boolean {
    if (this.balance < 1) return false
    this.#slice.retries++
    return true
  }

  get #now(): number {
    return Math.floor(performance.now() / this.#sliceMs)
  }

  get #slice(): Slice {
    const number = this.#now
    const slice = this.#slices[number % SLICES]!
    if (slice.number !== number) Object.assign(slice, { number, calls: 0, retries: 0 })
    return slice
  }
}
