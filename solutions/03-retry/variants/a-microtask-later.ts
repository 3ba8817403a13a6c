/**
 * Another shape: a promise that is resolved from within, and an attempt that begins a microtask later than it could.
 * Replaces: retry.ts
 */
import { deadlineAfter } from '../../../shared/core/deadline.ts'
import { RetryError, type RetryStop } from '../../../shared/core/errors.ts'
import { sleep } from '../../../shared/core/sleep.ts'
import { fullJitter } from '../backoff.ts'
import { retryAfterMs } from '../retry-after.ts'
import { retry as validated, type RetryOptions } from '../retry.ts'
import { isRepeatable, isTransient as isTransientByDefault } from '../retryable.ts'

export type { RetryOptions }

export async function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { maxAttempts, deadline = Infinity, maxRetryAfterMs = 300_000, isTransient = isTransientByDefault } = options
  await validated(() => Promise.resolve(), { maxAttempts, deadline, maxRetryAfterMs, signal: options.signal })
  const signal = options.signal ?? new AbortController().signal
  const delays = (options.backoff ?? fullJitter({ baseMs: 100, capMs: 10_000 }))(options.random ?? Math.random)
  const startedAt = performance.now()
  options.budget?.deposit()

  let attempts = 0
  for (;;) {
    const [failure, value] = await Promise.resolve()
      .then(() => operation(signal, ++attempts))
      .then(
        (value) => [undefined, value] as const,
        (cause: unknown) => [{ cause }] as const,
      )
    if (!failure) return value as T
    const { cause } = failure
    if (signal.aborted) throw signal.reason
    if (!isTransient(cause)) throw cause
    const { value: drawnMs, done } = delays.next()
    const toldMs = retryAfterMs(cause)
    const wakesAt = deadlineAfter(toldMs + (drawnMs ?? 0))
    const stops: [RetryStop, () => boolean][] = [
      ['attempts', () => attempts >= (maxAttempts ?? 3) || done === true],
      ['not-repeatable', () => !isRepeatable(options)],
      ['retry-after', () => toldMs > maxRetryAfterMs],
      ['deadline', () => wakesAt >= deadline],
      ['budget', () => options.budget?.tryWithdraw() === false],
    ]
    const elapsedMs = performance.now() - startedAt
    const stopped = stops.find(([, holds]) => holds())
    if (stopped) throw new RetryError('No more', stopped[0], { cause, attempts, elapsedMs })
    await sleep(wakesAt - performance.now(), signal)
    if (performance.now() >= deadline) throw new RetryError('Too late', 'deadline', { cause, attempts, elapsedMs })
  }
}
