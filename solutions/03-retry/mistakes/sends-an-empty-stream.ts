/**
 * Mistake: does not look at the body; undici sends the stream that the first attempt has read, which is now empty, and reports a success.
 * Replaces: retryable.ts
 * Killed by: does not repeat a request whose body is a stream that has been read
 */
import { isRepeatable as correct, type Repeatable } from '../retryable.ts'

export * from '../retryable.ts'

export function isRepeatable({ method, idempotencyKey }: Repeatable): boolean {
  return correct({ method, idempotencyKey })
}
