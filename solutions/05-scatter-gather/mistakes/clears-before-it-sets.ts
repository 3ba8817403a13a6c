/**
 * Mistake: clears the timer when it ends, which for a caller who has gone is before the timer is set
 * Replaces: scatter-gather.ts
 * Killed by: asks nobody for a caller who has gone already
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options = {}) => {
  const { signal, timeoutMs = Infinity } = options
  let timer: NodeJS.Timeout | undefined
  const stop = () => clearTimeout(timer)
  if (signal?.aborted) stop()
  if (timeoutMs < 2 ** 31) timer = setTimeout(stop, timeoutMs)
  const gathering = right(legs, options)
  return signal?.aborted ? gathering : gathering.finally(stop)
}
