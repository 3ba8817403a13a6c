/**
 * Another shape: one promise made by hand, no race, no async function. An answer's `then` runs a microtask after it is
 * there, so whoever stops gives it that one.
 * Replaces: timeout.ts
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import type { Deadline } from '../../../shared/core/deadline.ts'
import type { Operation } from '../../../shared/core/operation.ts'
import { deadlineIn, remainingMs } from '../deadline.ts'

export interface TimeoutOptions {
  signal?: AbortSignal
  deadline?: Deadline
}

export function withTimeout<T>(
  operation: Operation<T>,
  timeoutMs: number,
  { signal, deadline }: TimeoutOptions = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const limit = deadlineIn(timeoutMs, deadline)
    const own = new AbortController()
    let timer: NodeJS.Timeout | undefined

    const tidyUp = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    const giveUp = (reason: unknown) => {
      tidyUp()
      queueMicrotask(() => reject(reason))
      own.abort(reason)
    }
    const onAbort = () => giveUp(signal?.reason)
    const wait = () => {
      const left = remainingMs(limit)
      if (left === 0) giveUp(new TimeoutError('Too late', { elapsedMs: performance.now() - startedAt }))
      else if (left !== Infinity) timer = setTimeout(wait, Math.min(left, 2 ** 31 - 1))
    }

    if (signal?.aborted) return giveUp(signal.reason)
    wait()
    if (own.signal.aborted) return
    signal?.addEventListener('abort', onAbort)
    try {
      operation(own.signal).then(
        (value) => {
          tidyUp()
          resolve(value)
        },
        (error) => {
          tidyUp()
          reject(error)
        },
      )
    } catch (error) {
      tidyUp()
      throw error
    }
  })
}
