/**
 * Mistake: begins the work before the `try`, so that a synchronous throw leaves timer and listener behind.
 * Replaces: timeout.ts
 * Killed by: leaves no timer and no listener, whichever way the call ends
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
  if (remainingMs(limit) === 0) throw timedOut()

  const controller = new AbortController()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  stopped.catch(() => {})
  const stop = (reason: unknown) => {
    reject(reason)
    controller.abort(reason)
  }
  const onAbort = () => stop(signal?.reason)
  const timer = setTimeout(() => stop(timedOut()), remainingMs(limit))
  signal?.addEventListener('abort', onAbort)
  const work = operation(controller.signal)
  try {
    return await Promise.race([work, stopped])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
