/**
 * Mistake: takes all that begins with UND_ERR_ for the network, also what undici says of an abort, a closed client or a wrong argument.
 * Replaces: retryable.ts
 * Killed by: tells what may pass from what will not
 */
import { causesOf, RetryError } from '../../../shared/core/errors.ts'
import { isTransient as correct } from '../retryable.ts'

export * from '../retryable.ts'

export function isTransient(error: unknown): boolean {
  const causes = [...causesOf(error)]
  if (causes.some((cause) => cause instanceof RetryError)) return false
  return causes.some((cause) => String(Object(cause).code).startsWith('UND_ERR_')) || correct(error)
}
