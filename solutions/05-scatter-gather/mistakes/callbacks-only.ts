/**
 * Mistake: looks whether all have ended only when one ends, which of none none does
 * Replaces: scatter-gather.ts
 * Killed by: does not wait when there is nobody to wait for
 */
import type { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = <T>(legs: Parameters<typeof right<T>>[0]) =>
  new Promise<PromiseSettledResult<T>[]>((resolve) => {
    const results: PromiseSettledResult<T>[] = []
    let left = legs.length
    legs.forEach(async (leg, index) => {
      const [result] = await Promise.allSettled([leg(new AbortController().signal, Infinity)])
      results[index] = result
      if (--left === 0) resolve(results)
    })
  })
