/**
 * Mistake: listens by `onabort`, of which a signal has one: the next gathering for the same caller takes it over
 * Replaces: scatter-gather.ts
 * Killed by: passes on the caller's abort to each, and answers at once
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { signal, ...options } = {}) => {
  if (!signal || signal.aborted) return right(legs, { ...options, signal })
  const caller = new AbortController()
  Object.assign(signal, { onabort: () => caller.abort(signal.reason) })
  return right(legs, { ...options, signal: caller.signal }).finally(() => Object.assign(signal, { onabort: null }))
}
