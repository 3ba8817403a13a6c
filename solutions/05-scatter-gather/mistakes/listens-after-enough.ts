/**
 * Mistake: removes its listener when all have ended, and forgets the other ends
 * Replaces: scatter-gather.ts
 * Killed by: answers as soon as enough have, and cancels the rest
 */
import { NotNeededError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { signal, ...options } = {}) => {
  const controller = new AbortController()
  const onAbort = () => controller.abort(signal?.reason)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort)
  const results = await right(legs, { ...options, signal: controller.signal })
  const cutShort = results.some((result) => result.status === 'rejected' && result.reason instanceof NotNeededError)
  if (!cutShort) signal?.removeEventListener('abort', onAbort)
  return results
}
