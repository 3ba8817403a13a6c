import type { Deadline } from '../../shared/core/deadline.ts'
import { TimeoutError } from '../../shared/core/errors.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'
import { deadlineIn, remainingMs } from './deadline.ts'

export interface TimeoutOptions {
  /** The caller's own wish to stop. */
  signal?: AbortSignal
  /** The caller's deadline; the earlier of it and the timeout counts. */
  deadline?: Deadline
}

/**
 * Runs `operation` and waits no longer than `timeoutMs` milliseconds for it. Whatever ends the waiting also aborts the
 * operation's signal; an operation that ends by itself leaves the signal alone.
 *
 * What comes first counts. A success is returned, also when the caller aborts in the next moment: a parcel may have been
 * booked. After an abort, or when the time is up, the waiting is over, and a later success is nobody's.
 *
 * @param timeoutMs 0 (nobody waits at all) or more; `Infinity` to have only `options.deadline` count
 * @throws TimeoutError when the time is up; before any work if it is up already
 * @throws the reason of `options.signal`, as it is, when the caller aborts
 * @throws RangeError for a `timeoutMs` or a `deadline` that is none: NaN, negative milliseconds, a string
 */
export async function withTimeout<T>(
  operation: Operation<T>,
  timeoutMs: number,
  { signal, deadline }: TimeoutOptions = {},
): Promise<T> {
  const startedAt = performance.now()
  const limit = deadlineIn(timeoutMs, deadline)
  const timedOut = () => {
    const elapsedMs = performance.now() - startedAt
    return new TimeoutError(`Timed out after ${Math.round(elapsedMs)} ms`, { elapsedMs })
  }

  signal?.throwIfAborted()
  if (remainingMs(limit) === 0) throw timedOut()

  const controller = new AbortController()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  // An operation that aborts its caller and then throws never gets as far as the race.
  stopped.catch(() => {})
  const stop = (reason: unknown) => {
    // First, or an operation that fails while it stops has the last word.
    reject(reason)
    controller.abort(reason)
  }
  // Asked again when it fires: a timer may be a fraction of a millisecond early, or could not hold the whole delay.
  const onTimer = () => (remainingMs(limit) > 0 ? arm() : stop(timedOut()))
  const arm = () => (timer = setTimeout(onTimer, Math.min(remainingMs(limit), MAX_TIMER_MS)))
  const onAbort = () => stop(signal!.reason)

  let timer: NodeJS.Timeout | undefined
  if (limit < Infinity) arm()
  // Not AbortSignal.any: on a signal that lives as long as the process, some versions of Node never forget its followers.
  signal?.addEventListener('abort', onAbort)
  try {
    // Called in here, so that its synchronous throw is a rejection, too; and raced itself, not by way of a promise around
    // it, which would settle later than the operation. The race also handles what is rejected late.
    return await Promise.race([operation(controller.signal), stopped])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
