/**
 * Mistake: a key is there if it is not undefined; the empty one of a form that nobody filled in makes every booking the same.
 * Replaces: retryable.ts
 * Killed by: does not send a POST or a PATCH again, unless it has an idempotency key
 */
import { isRepeatable as correct, type Repeatable } from '../retryable.ts'

export * from '../retryable.ts'

export const isRepeatable = ({ idempotencyKey, ...request }: Repeatable): boolean =>
  correct({ ...request, idempotencyKey: idempotencyKey === undefined ? undefined : `key ${idempotencyKey}` })
