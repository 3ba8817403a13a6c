/**
 * Mistake: tidies up when the work ends, which one that ignores its signal never does: its listener stays for ever.
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
  return new Promise<T>((resolve, reject) => {
    const stop = (reason: unknown) => {
      reject(reason)
      controller.abort(reason)
    }
    const onAbort = () => stop(signal?.reason)
    const timer = setTimeout(() => stop(timedOut()), remainingMs(limit))
    signal?.addEventListener('abort', onAbort)
    ;(async () => operation(controller.signal))()
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      })
  })
}
