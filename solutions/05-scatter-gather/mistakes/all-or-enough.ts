/**
 * Mistake: waits for as many successes as there are legs; one failure, and it waits for the deadline
 * Replaces: scatter-gather.ts
 * Killed by: makes do with fewer when there are no more
 */
import { TimeoutError } from '../../../shared/core/errors.ts'
import type { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = <T>(...[legs, options = {}]: Parameters<typeof right<T>>) =>
  new Promise<PromiseSettledResult<T>[]>((resolve) => {
    const { enough = Infinity, timeoutMs = Infinity } = options
    const results = legs.map((): PromiseSettledResult<T> => ({
      status: 'rejected',
      reason: new TimeoutError('Timed out'),
    }))
    let wanted = Math.min(enough, legs.length)
    if (timeoutMs < Infinity) setTimeout(() => resolve(results), timeoutMs)
    legs.forEach(async (leg, index) => {
      const [result] = await Promise.allSettled([leg(new AbortController().signal, Infinity)])
      results[index] = result
      if (result.status === 'fulfilled' && --wanted === 0) resolve(results)
    })
  })
