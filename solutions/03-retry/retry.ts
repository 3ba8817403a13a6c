import { RetryError, type RetryStop } from '../../shared/core/errors.ts'
import { neverAborts } from '../../shared/core/never-aborts.ts'
import type { Deadline } from '../../shared/core/deadline.ts'
import type { Random } from '../../shared/core/random.ts'
import { sleep } from '../../shared/core/sleep.ts'
import { type Backoff, fullJitter } from './backoff.ts'
import type { RetryBudget } from './budget.ts'
import { retryAfterMs } from './retry-after.ts'
import { isRepeatable, isTransient, type Repeatable } from './retryable.ts'

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

/** The longest delay that `setTimeout` takes; it fires a longer one after 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1

const DEFAULT_ATTEMPTS = 3
const defaultBackoff = fullJitter({ baseMs: 100, capMs: 10_000 })

/**
 * Runs `operation` until it succeeds, and for as long as another attempt may help, does no harm, and is still wanted.
 * Between attempts it waits for as long as the failure asked for (`Retry-After`, an open breaker), and the backoff
 * on top of that, because all others were told the same.
 *
 * An attempt's own time limit is not its business: put it into the operation.
 *
 * @param operation gets the caller's signal, and the number of the attempt, from 1
 * @throws RetryError when a transient error is given up; `cause` is what the last attempt threw, `stoppedBy` says why
 * @throws what an attempt threw, as it is, when it is not transient
 * @throws the reason of `signal`, as it is, when the caller aborts
 * @throws RangeError for a `maxAttempts` below 1
 */
export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { maxAttempts = DEFAULT_ATTEMPTS, signal, budget } = options
  if (!(maxAttempts >= 1)) throw new RangeError(`maxAttempts must be 1 or more, got ${maxAttempts}`)
  const startedAt = performance.now()
  let delays: Iterator<number, never> | undefined

  signal?.throwIfAborted()
  budget?.deposit()
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation(signal ?? neverAborts, attempt)
    } catch (error) {
      signal?.throwIfAborted()
      if (!(options.isTransient ?? isTransient)(error)) throw error
      delays ??= (options.backoff ?? defaultBackoff)(options.random ?? Math.random)
      await sleep(delayAfter({ error, attempt, startedAt, delays }, options), signal)
    }
  }
}

interface Failure {
  error: unknown
  attempt: number
  startedAt: number
  delays: Iterator<number, never>
}

/** For how long to wait after a transient failure; throws when there is nothing to wait for. */
function delayAfter({ error, attempt, startedAt, delays }: Failure, options: RetryOptions): number {
  // Whole milliseconds: a timer drops the fraction, and would be early.
  const delayMs = Math.ceil(retryAfterMs(error) + delays.next().value)
  const stoppedBy = stopOf(attempt, delayMs, options)
  if (!stoppedBy) return delayMs

  const elapsedMs = performance.now() - startedAt
  const message = `Attempt ${attempt} failed after ${Math.round(elapsedMs)} ms, stopped by ${stoppedBy}`
  throw new RetryError(message, stoppedBy, { cause: error, attempts: attempt, elapsedMs })
}

/** What forbids another attempt, in `delayMs` milliseconds. */
function stopOf(attempt: number, delayMs: number, options: RetryOptions): RetryStop | undefined {
  const { maxAttempts = DEFAULT_ATTEMPTS, deadline = Infinity, budget } = options
  if (attempt >= maxAttempts) return 'attempts'
  if (!isRepeatable(options)) return 'not-repeatable'
  if (!(delayMs < Math.min(deadline - performance.now(), MAX_TIMER_MS))) return 'deadline'
  // Last, because it is spent by asking; and before the wait, which would be in vain.
  if (budget && !budget.tryWithdraw()) return 'budget'
  return undefined
}
