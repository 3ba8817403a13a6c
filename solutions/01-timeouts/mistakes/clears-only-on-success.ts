/**
 * Mistake: clears the timer after the await, which a failure never reaches.
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
  const stop = (reason: unknown) => {
    reject(reason)
    controller.abort(reason)
  }
  const onAbort = () => stop(signal?.reason)
  const timer = setTimeout(() => stop(timedOut()), remainingMs(limit))
  signal?.addEventListener('abort', onAbort)
  const result = await Promise.race([(async () => operation(controller.signal))(), stopped])
  clearTimeout(timer)
  signal?.removeEventListener('abort', onAbort)
  return result
}
