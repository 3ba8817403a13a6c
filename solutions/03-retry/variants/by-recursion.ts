/**
 * Another shape: no loop, but a function that calls itself; promises instead of await.
 * Replaces: retry.ts
 */
import { RetryError, type RetryStop } from '../../../shared/core/errors.ts'
import { sleep } from '../../../shared/core/sleep.ts'
import { fullJitter } from '../backoff.ts'
import { retryAfterMs } from '../retry-after.ts'
import type { RetryOptions } from '../retry.ts'
import { isRepeatable, isTransient as isTransientByDefault } from '../retryable.ts'

export type { RetryOptions }

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  {
    maxAttempts = 3,
    signal = new AbortController().signal,
    deadline = Infinity,
    backoff = fullJitter({ baseMs: 100, capMs: 10_000 }),
    random = Math.random,
    isTransient = isTransientByDefault,
    budget,
    ...request
  }: RetryOptions = {},
): Promise<T> {
  const startedAt = performance.now()
  const delays = backoff(random)

  const mayWait = (delayMs: number, attempt: number): RetryStop | 'go' => {
    if (attempt === maxAttempts) return 'attempts'
    if (!isRepeatable(request)) return 'not-repeatable'
    if (performance.now() + delayMs >= deadline || delayMs >= 2 ** 31) return 'deadline'
    return !budget || budget.tryWithdraw() ? 'go' : 'budget'
  }
  const attemptFrom = (attempt: number): Promise<T> =>
    new Promise<T>((resolve) => resolve(operation(signal, attempt))).catch((cause: unknown) => {
      if (signal.aborted) throw signal.reason
      if (!isTransient(cause)) throw cause
      const delayMs = Math.ceil(retryAfterMs(cause) + delays.next().value)
      const answer = mayWait(delayMs, attempt)
      const elapsedMs = performance.now() - startedAt
      if (answer !== 'go') throw new RetryError('It was no use', answer, { cause, attempts: attempt, elapsedMs })
      return sleep(delayMs, signal).then(() => attemptFrom(attempt + 1))
    })

  if (!(maxAttempts >= 1)) return Promise.reject(new RangeError('maxAttempts must be at least 1'))
  if (signal.aborted) return Promise.reject(signal.reason)
  budget?.deposit()
  return attemptFrom(1)
}
