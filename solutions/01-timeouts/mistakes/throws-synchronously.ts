/**
 * Mistake: calls the operation outside of any promise, so that its synchronous throw escapes.
 * Replaces: timeout.ts
 * Killed by: turns a synchronous throw into a rejection
 */
import type { Operation } from '../../../shared/core/operation.ts'
import { type TimeoutOptions, withTimeout as correct } from '../timeout.ts'

export function withTimeout<T>(operation: Operation<T>, timeoutMs: number, options: TimeoutOptions = {}): Promise<T> {
  if (options.signal?.aborted || !(timeoutMs > 0)) return correct(operation, timeoutMs, options)
  const controller = new AbortController()
  const work = operation(controller.signal)
  const waiting = correct(() => work, timeoutMs, options)
  waiting.catch((reason) => controller.abort(reason))
  return waiting
}
