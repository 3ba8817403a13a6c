/**
 * Mistake: the queue hears of the end by the signal, which a timer aborts, which has no turn while a leg keeps the process busy
 * Replaces: scatter-gather.ts
 * Killed by: asks nobody after the deadline, also when a leg has kept the process busy until then
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { concurrency = Infinity, ...options } = {}) => {
  const queue: (() => void)[] = []
  let free = concurrency
  const limited = legs.map((leg): typeof leg => async (signal, deadline) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => queue.push(resolve))
    try {
      signal.throwIfAborted()
      return await leg(signal, deadline)
    } finally {
      const next = queue.shift()
      if (next) next()
      else free++
    }
  })
  return right(limited, options)
}
