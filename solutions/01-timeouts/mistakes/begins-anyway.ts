/**
 * Mistake: begins the work first and looks at the deadline later.
 * Replaces: timeout.ts
 * Killed by: does not begin work whose time is up
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { deadlineIn, remainingMs } from '../deadline.ts'
import type { TimeoutOptions } from '../timeout.ts'

export async function withTimeout<T>(
  operation: Operation<T>,
  timeoutMs: number,
  { signal, deadline }: TimeoutOptions = {},
): Promise<T> {
  const startedAt = performance.now()
  const limit = deadlineIn(timeoutMs, deadline)
  const timedOut = () => new TimeoutError('Timed out', { elapsedMs: performance.now() - startedAt })
  signal?.throwIfAborted()

  const controller = new AbortController()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const stop = (reason: unknown) => {
    reject(reason)
    controller.abort(reason)
  }
  const onAbort = () => stop(signal?.reason)
  const timer = setTimeout(() => stop(timedOut()), Math.min(remainingMs(limit), 2 ** 31 - 1))
  signal?.addEventListener('abort', onAbort)
  try {
    return await Promise.race([(async () => operation(controller.signal))(), stopped])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
