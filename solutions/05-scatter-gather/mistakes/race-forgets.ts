/**
 * Mistake: each leg in a race against its end: an answer that comes a moment before it is neither kept nor discarded
 * Replaces: scatter-gather.ts
 * Killed by: keeps or discards every answer, however close to the end it comes
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { discard, ...options } = {}) => {
  const raced = legs.map((leg): typeof leg => async (signal, deadline) => {
    const over = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const work = leg(signal, deadline).then(async (value) => {
      if (signal.aborted) await discard?.(value)
      return value
    })
    return Promise.race([work, over])
  })
  return right(raced, options)
}
