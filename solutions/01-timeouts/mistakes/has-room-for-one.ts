/**
 * Mistake: sets the signal's `onabort`, which has room for one; of two calls that share the signal one hears nothing.
 * Replaces: timeout.ts
 * Killed by: passes on the caller's abort at once, with the caller's own reason
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type TimeoutOptions, withTimeout as correct } from '../timeout.ts'

export async function withTimeout<T>(
  operation: Operation<T>,
  timeoutMs: number,
  { signal, deadline }: TimeoutOptions = {},
): Promise<T> {
  signal?.throwIfAborted()
  const caller = new AbortController()
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the mistake
  if (signal) signal.onabort = () => caller.abort(signal.reason)
  try {
    return await correct(operation, timeoutMs, { signal: caller.signal, deadline })
  } finally {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the mistake
    if (signal) signal.onabort = null
  }
}
