/**
 * Mistake: listens, and returns early, past its own clean-up
 * Replaces: scatter-gather.ts
 * Killed by: leaves no listener on a signal that outlives it, whichever way it ends
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { signal, ...options } = {}) => {
  const caller = new AbortController()
  const onAbort = () => caller.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  if (legs.length === 0 || options.timeoutMs === 0) return right(legs, { ...options, signal: caller.signal })
  return right(legs, { ...options, signal: caller.signal }).finally(() => signal?.removeEventListener('abort', onAbort))
}
