/**
 * Mistake: listens for an abort that has already been
 * Replaces: scatter-gather.ts
 * Killed by: asks nobody for a caller who has gone already
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { signal, ...options } = {}) => {
  const controller = new AbortController()
  const onAbort = () => controller.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  try {
    return await right(legs, { ...options, signal: controller.signal })
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
