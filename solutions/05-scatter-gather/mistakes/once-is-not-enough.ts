/**
 * Mistake: takes `once` for a removal: the listener stays for as long as nothing is aborted
 * Replaces: scatter-gather.ts
 * Killed by: leaves no listener on a signal that outlives it, whichever way it ends
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { signal, ...options } = {}) => {
  const controller = new AbortController()
  if (signal?.aborted) controller.abort(signal.reason)
  signal?.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
  return right(legs, { ...options, signal: controller.signal })
}
