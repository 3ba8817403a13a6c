/**
 * Another shape: nothing happens before the call has returned its promise; the operation begins a microtask later.
 * Replaces: timeout.ts
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { deadlineIn, remainingMs } from '../deadline.ts'
import type { TimeoutOptions } from '../timeout.ts'

export type { TimeoutOptions }

export async function withTimeout<T>(
  operation: Operation<T>,
  timeoutMs: number,
  { signal, deadline }: TimeoutOptions = {},
): Promise<T> {
  const startedAt = performance.now()
  const limit = deadlineIn(timeoutMs, deadline)
  await undefined

  const own = new AbortController()
  const end = Promise.withResolvers<never>()
  end.promise.catch(() => {})
  const giveUp = (reason: unknown) => {
    end.reject(reason)
    own.abort(reason)
  }
  const onAbort = () => giveUp(signal?.reason)
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    const leftMs = remainingMs(limit)
    if (leftMs === 0) giveUp(new TimeoutError('Too late', { elapsedMs: performance.now() - startedAt }))
    else if (leftMs !== Infinity) timer = setTimeout(look, Math.min(leftMs, 2 ** 31 - 1))
  }
  try {
    if (signal?.aborted) throw signal.reason
    signal?.addEventListener('abort', onAbort)
    look()
    return await Promise.race(own.signal.aborted ? [end.promise] : [operation(own.signal), end.promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
