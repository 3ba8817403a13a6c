/**
 * Mistake: aborts the operation before it rejects, so that whatever the operation says of it is what the caller hears.
 * Replaces: timeout.ts
 * Killed by: aborts the operation when the time is up
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
  signal?.throwIfAborted()
  const startedAt = performance.now()
  const limit = deadlineIn(timeoutMs, deadline)
  const timedOut = () => new TimeoutError('Timed out', { elapsedMs: performance.now() - startedAt })
  if (remainingMs(limit) === 0) throw timedOut()

  const controller = new AbortController()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const stop = (reason: unknown) => {
    controller.abort(reason)
    reject(reason)
  }
  const onAbort = () => stop(signal?.reason)
  const timer = limit < Infinity && setTimeout(() => stop(timedOut()), remainingMs(limit))
  signal?.addEventListener('abort', onAbort)
  try {
    return await Promise.race([operation(controller.signal), stopped])
  } finally {
    clearTimeout(timer || undefined)
    signal?.removeEventListener('abort', onAbort)
  }
}
