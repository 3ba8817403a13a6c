import { type Deadline, msUntil } from '../../shared/core/deadline.ts'
import { RetryError, type RetryStop } from '../../shared/core/errors.ts'
import { neverAborts } from '../../shared/core/never-aborts.ts'
import { checkOptions, countOrInfinity, instant, limitMs } from '../../shared/core/options.ts'
import type { Random } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { type Backoff, fullJitter } from './backoff.ts'
import type { RetryBudget } from './budget.ts'
import { retryAfterMs } from './retry-after.ts'
import { isRepeatable, isTransient, type Repeatable } from './retryable.ts'

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

const rules = { maxAttempts: countOrInfinity, deadline: instant, maxRetryAfterMs: limitMs }
const defaultBackoff = fullJitter({ baseMs: 100, capMs: 10_000 })

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
  const { maxAttempts = 3, deadline = Infinity, maxRetryAfterMs = 300_000, signal, budget } = options
  checkOptions({ maxAttempts, deadline, maxRetryAfterMs }, rules)
  const startedAt = performance.now()
  let delays: Iterator<number> | undefined

  signal?.throwIfAborted()
  budget?.deposit()
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation(signal ?? neverAborts, attempt)
    } catch (error) {
      const giveUp = (stoppedBy: RetryStop): never => {
        const elapsedMs = performance.now() - startedAt
        const message = `Attempt ${attempt} failed after ${Math.round(elapsedMs)} ms, stopped by ${stoppedBy}`
        throw new RetryError(message, stoppedBy, { cause: error, attempts: attempt, elapsedMs })
      }

      signal?.throwIfAborted()
      if (!(options.isTransient ?? isTransient)(error)) throw error
      delays ??= (options.backoff ?? defaultBackoff)(options.random ?? Math.random)
      const toldMs = retryAfterMs(error)
      const delayMs = toldMs + delays.next().value

      // NaN is what comes of a backoff that has ended.
      if (attempt >= maxAttempts || Number.isNaN(delayMs)) giveUp('attempts')
      if (!isRepeatable(options)) giveUp('not-repeatable')
      if (toldMs > maxRetryAfterMs) giveUp('retry-after')
      if (delayMs >= msUntil(deadline)) giveUp('deadline')
      // Last, because it is spent by asking; and before the wait, which would be in vain.
      if (budget?.tryWithdraw() === false) giveUp('budget')

      await sleep(delayMs, signal)
      // Asked again: while the event loop is blocked, nobody wakes in time.
      if (msUntil(deadline) <= 0) giveUp('deadline')
    }
  }
}
