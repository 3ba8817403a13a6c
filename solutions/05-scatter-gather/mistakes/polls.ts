/**
 * Mistake: sets a timer of a month anew whenever it fires, which it does each millisecond
 * Replaces: scatter-gather.ts
 * Killed by: does not answer early for times that setTimeout cannot hold
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { timeoutMs = Infinity, ...options } = {}) => {
  const until = performance.now() + timeoutMs
  let timer: NodeJS.Timeout | undefined
  const onTimer = () => {
    const leftMs = until - performance.now()
    if (leftMs > 0 && leftMs < Infinity) timer = setTimeout(onTimer, leftMs)
  }
  onTimer()
  return right(legs, { ...options, timeoutMs }).finally(() => clearTimeout(timer))
}
