/**
 * Mistake: looks at the deadline before the wait only; when the event loop was blocked, an attempt begins long after it.
 * Replaces: retry.ts
 * Killed by: looks at the clock again when the wait has taken longer
 */
import { retry as correct, type RetryOptions } from '../retry.ts'
import { isTransient } from '../retryable.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  { deadline = Infinity, ...options }: RetryOptions = {},
): Promise<T> {
  // Judged with the deadline, then waited for without.
  const judge = (error: unknown) => (options.isTransient ?? isTransient)(error)
  const { backoff } = options
  if (!backoff || deadline === Infinity) return correct(operation, { ...options, deadline })
  const within: typeof backoff = function* (random) {
    const delays = backoff(random)
    for (let ms; (ms = delays.next().value) < deadline - performance.now();) yield ms
    yield Infinity
  }
  return correct(operation, { ...options, isTransient: judge, backoff: within })
}
