/**
 * Mistake: a limiter around each leg, whose queue does not know that it is all over
 * Replaces: scatter-gather.ts
 * Killed by: does not begin what is still queued when it is over
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { concurrency = Infinity, ...options } = {}) => {
  const queue: (() => void)[] = []
  let free = concurrency
  const limited = legs.map((leg): typeof leg => async (...told) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => queue.push(resolve))
    try {
      return await leg(...told)
    } finally {
      free += release(queue)
    }
  })
  return right(limited, options)
}

function release(queue: (() => void)[]): 0 | 1 {
  const next = queue.shift()
  next?.()
  return next ? 0 : 1
}
