import type { Deadline } from '../../shared/core/deadline.ts'
import type { Random } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'
import type { Backoff } from './backoff.ts'
import type { RetryBudget } from './budget.ts'
import type { Repeatable } from './retryable.ts'

export interface RetryOptions extends Repeatable {
  /** Attempts in all, the first included. 1 or more; `Infinity` until the deadline or the budget says no. Default: 3. */
  maxAttempts?: number
  /** The caller's own wish to stop. */
  signal?: AbortSignal
  /** No attempt but the first begins at this instant or later. */
  deadline?: Deadline
  /** Default: full jitter from 100 ms to 10 s. */
  backoff?: Backoff
  random?: Random
  /** The one of the backend that is called. */
  budget?: RetryBudget
  /** Whether an error deserves another attempt. Default: `isTransient` of retryable.ts. */
  isTransient?: (error: unknown) => boolean
}

/** Runs `operation` until it succeeds; it gets the caller's signal, and the number of the attempt, from 1. */
export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { maxAttempts = 3, signal = new AbortController().signal } = options
  for (let retries = 0; ; retries++) {
    try {
      return await operation(signal, retries + 1)
    } catch (error) {
      if (retries >= maxAttempts) throw error
      // Time heals.
      await sleep(100)
    }
  }
}
