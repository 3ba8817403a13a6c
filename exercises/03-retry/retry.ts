import type { Deadline } from '../../shared/core/deadline.ts'
import { neverAborts } from '../../shared/core/never-aborts.ts'
import type { Random } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'
import type { Backoff } from './backoff.ts'
import type { RetryBudget } from './budget.ts'
import type { Repeatable } from './retryable.ts'

export interface RetryOptions extends Repeatable {
  /** Attempts in all, the first included. 1 or more; `Infinity` until something else says no. Default: 3. */
  maxAttempts?: number
  /** The caller's own wish to stop. */
  signal?: AbortSignal
  /** No attempt but the first begins at this instant or later. Default: `Infinity`. */
  deadline?: Deadline
  /** Who asks to be left alone for longer than this is not asked again. Milliseconds, or `Infinity`. Default: 300,000. */
  maxRetryAfterMs?: number
  /** Default: full jitter from 100 ms to 10 s. */
  backoff?: Backoff
  /** What the backoff draws from. Default: `Math.random`. */
  random?: Random
  /** The one of the backend that is called. */
  budget?: RetryBudget
  /** Whether an error deserves another attempt. Not async: a promise is always true. Default: that of retryable.ts. */
  isTransient?: (error: unknown) => boolean
}

/**
 * Runs `operation` until it succeeds, and for as long as another attempt may help, does no harm, and is still wanted.
 * Between attempts it waits for as long as the failure asked for (`Retry-After`, an open breaker), and the backoff
 * on top of that, because all others were told the same.
 *
 * An abort ends a wait at once. What ends an attempt is the attempt: one that succeeds although the caller has gone is
 * returned as a success, because what was booked is booked, and whoever throws that away books again.
 *
 * An attempt's own time limit is not its business: put it into the operation.
 *
 * @param operation gets the caller's signal, and the number of the attempt, from 1
 * @throws RetryError when a transient error is given up; `cause` is what the last attempt threw, `stoppedBy` says why
 * @throws what an attempt threw, as it is, when it is not transient
 * @throws the reason of `signal`, as it is, when the caller aborts before an attempt, during one that fails, or a wait
 * @throws RangeError for options out of bounds
 */
export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { maxAttempts = 3, signal } = options
  for (let retries = 0; ; retries++) {
    try {
      return await operation(signal ?? neverAborts, retries + 1)
    } catch (error) {
      if (retries >= maxAttempts) throw error
      // Time heals.
      await sleep(100)
    }
  }
}
