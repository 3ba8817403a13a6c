import { TimeoutError } from '../../shared/core/errors.ts'
import type { Deadline } from '../../shared/core/deadline.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { deadlineIn, remainingMs } from './deadline.ts'

export interface TimeoutOptions {
  /** The caller's own wish to stop. */
  signal?: AbortSignal
  /** The caller's deadline; the earlier of it and the timeout counts. */
  deadline?: Deadline
}

/** The longest delay that `setTimeout` takes; it fires a longer one after 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Runs `operation` and waits no longer than `timeoutMs` milliseconds for it. Whatever ends the waiting also aborts the
 * operation's signal; an operation that ends by itself leaves the signal alone.
 *
 * @param timeoutMs 0 or more; `Infinity` to have only `options.deadline` count
 * @throws TimeoutError when the time is up; before any work if it is up already
 * @throws the reason of `options.signal`, as it is, when the caller aborts
 * @throws RangeError for a `timeoutMs` that is NaN or negative
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
  const stop = (reason: unknown) => {
    // First, or an operation that fails while it stops has the last word.
    reject(reason)
    controller.abort(reason)
  }
  // Asked again when it fires: a timer may be a fraction of a millisecond early, or could not hold the whole delay.
  const onTimer = () => (remainingMs(limit) > 0 ? arm() : stop(timedOut()))
  const arm = () => (timer = setTimeout(onTimer, Math.min(remainingMs(limit), MAX_TIMER_MS)))
  const onAbort = () => stop(signal?.reason)
  // An async function: its synchronous throw is a rejection, and the race below handles that one also when it is late.
  const work = async () => operation(controller.signal)

  let timer: NodeJS.Timeout | undefined
  if (limit < Infinity) arm()
  // Not AbortSignal.any: on a signal that lives as long as the process, some versions of Node never forget its followers.
  signal?.addEventListener('abort', onAbort)
  try {
    return await Promise.race([work(), stopped])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
