/**
 * Mistake: a list of what must not be repeated, and PATCH is not on it.
 * Replaces: retryable.ts
 * Killed by: does not send a POST or a PATCH again, unless it has an idempotency key
 */
import { isRepeatable as correct, type Repeatable } from '../retryable.ts'

export * from '../retryable.ts'

export function isRepeatable({ method, ...request }: Repeatable): boolean {
  return correct(method === 'POST' ? { method, ...request } : request)
}
