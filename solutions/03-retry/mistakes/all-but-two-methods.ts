/**
 * Mistake: a list of the methods that do harm, and HTTP has more of them than two.
 * Replaces: retryable.ts
 * Killed by: does not send a POST or a PATCH again, unless it has an idempotency key
 */
import { isRepeatable as correct, type Repeatable } from '../retryable.ts'

export * from '../retryable.ts'

export const isRepeatable = ({ method = 'GET', ...request }: Repeatable): boolean =>
  correct({ ...request, method: ['POST', 'PATCH'].includes(method) ? method : 'GET' })
