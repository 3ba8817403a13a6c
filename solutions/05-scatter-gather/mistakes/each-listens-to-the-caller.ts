/**
 * Mistake: each leg hears of the caller by itself, also after it was told that it is too late
 * Replaces: scatter-gather.ts
 * Killed by: has ended once it begins to end, whatever the legs do when they are told
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options) => {
  const told = legs.map((leg): typeof leg => (signal, deadline) => {
    const own = new AbortController()
    for (const source of [options?.signal, signal])
      source?.addEventListener('abort', () => own.abort(source.reason), { once: true })
    return leg(own.signal, deadline)
  })
  return right(told, options)
}
