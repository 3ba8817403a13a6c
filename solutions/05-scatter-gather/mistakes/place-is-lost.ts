/**
 * Mistake: a failure does not give back its place
 * Replaces: scatter-gather.ts
 * Killed by: begins the next as soon as one ends, well or badly
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, { concurrency = Infinity, ...options } = {}) => {
  const queue: (() => void)[] = []
  let free = concurrency
  const limited = legs.map((leg): typeof leg => async (...told) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => queue.push(resolve))
    const value = await leg(...told)
    free += release(queue)
    return value
  })
  return right(limited, options)
}

function release(queue: (() => void)[]): 0 | 1 {
  const next = queue.shift()
  next?.()
  return next ? 0 : 1
}
