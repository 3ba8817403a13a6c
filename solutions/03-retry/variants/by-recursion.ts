/**
 * Another shape: no loop, but a function that calls itself; promises instead of await.
 * Replaces: retry.ts
 */
import { checkOptions, countOrInfinity, instant, limitMs } from '../../../shared/core/options.ts'
import { RetryError, type RetryStop } from '../../../shared/core/errors.ts'
import { sleep } from '../../../shared/core/sleep.ts'
import { fullJitter } from '../backoff.ts'
import { retryAfterMs } from '../retry-after.ts'
import type { RetryOptions } from '../retry.ts'
import { isRepeatable, isTransient as isTransientByDefault } from '../retryable.ts'

export type { RetryOptions }

export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  {
    maxAttempts = 3,
    signal = new AbortController().signal,
    deadline = Infinity,
    maxRetryAfterMs = 300_000,
    backoff = fullJitter({ baseMs: 100, capMs: 10_000 }),
    random = Math.random,
    isTransient = isTransientByDefault,
    budget,
    ...request
  }: RetryOptions = {},
): Promise<T> {
  const startedAt = performance.now()
  const delays = backoff(random)

  const mayWait = (toldMs: number, delayMs: number, attempt: number): RetryStop | 'go' => {
    if (attempt === maxAttempts || !(delayMs >= 0)) return 'attempts'
    if (!isRepeatable(request)) return 'not-repeatable'
    if (toldMs > maxRetryAfterMs) return 'retry-after'
    if (performance.now() + delayMs >= deadline) return 'deadline'
    return !budget || budget.tryWithdraw() ? 'go' : 'budget'
  }
  const attemptFrom = (attempt: number): Promise<T> =>
    new Promise<T>((resolve) => resolve(operation(signal, attempt))).catch((cause: unknown) => {
      if (signal.aborted) throw signal.reason
      if (!isTransient(cause)) throw cause
      const toldMs = retryAfterMs(cause)
      const delayMs = Math.ceil(toldMs + delays.next().value)
      const stop = (stoppedBy: RetryStop) => {
        const elapsedMs = performance.now() - startedAt
        return new RetryError('It was no use', stoppedBy, { cause, attempts: attempt, elapsedMs })
      }
      const answer = mayWait(toldMs, delayMs, attempt)
      if (answer !== 'go') throw stop(answer)
      return sleep(delayMs, signal).then(() => {
        if (performance.now() >= deadline) throw stop('deadline')
        return attemptFrom(attempt + 1)
      })
    })

  const rules = { maxAttempts: countOrInfinity, deadline: instant, maxRetryAfterMs: limitMs }
  checkOptions({ maxAttempts, deadline, maxRetryAfterMs }, rules)
  if (signal.aborted) throw signal.reason
  budget?.deposit()
  return attemptFrom(1)
}
