/**
 * Mistake: begins the generator of a policy once, so that the first retry of a new call waits as long as the last of an old one.
 * Replaces: retry.ts
 * Killed by: begins its backoff anew for each call
 */
import type { Backoff } from '../backoff.ts'
import { retry as correct, type RetryOptions } from '../retry.ts'

export * from '../retry.ts'

const begun = new WeakMap<Backoff, Iterator<number>>()

export function retry<T>(
  operation: (signal: AbortSignal, attempt: number) => Promise<T>,
  { backoff, random = Math.random, ...options }: RetryOptions = {},
): Promise<T> {
  if (!backoff) return correct(operation, { ...options, random })
  const delays = begun.get(backoff) ?? backoff(random)
  begun.set(backoff, delays)
  return correct(operation, { ...options, random, backoff: () => delays })
}
