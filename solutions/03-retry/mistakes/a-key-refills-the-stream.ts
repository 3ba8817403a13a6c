/**
 * Mistake: with an idempotency key anything goes, also a stream that the first attempt has read to its end.
 * Replaces: retryable.ts
 * Killed by: does not repeat a request whose body is a stream that has been read
 */
import { isRepeatable as correct, type Repeatable } from '../retryable.ts'

export * from '../retryable.ts'

export function isRepeatable(request: Repeatable): boolean {
  return request.idempotencyKey !== undefined || correct(request)
}
