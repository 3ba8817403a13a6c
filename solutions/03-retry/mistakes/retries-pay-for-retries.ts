/**
 * Mistake: every attempt is a deposit, so that each retry pays for a part of the next.
 * Replaces: retry.ts
 * Killed by: keeps an outage from multiplying the calls
 */
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const paying = (signal: AbortSignal, attempt: number) => {
    if (attempt > 1) options.budget?.deposit()
    return operation(signal, attempt)
  }
  return correct(paying, options)
}
