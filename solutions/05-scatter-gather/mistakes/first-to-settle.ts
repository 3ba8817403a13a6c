/**
 * Mistake: counts whoever settles, as Promise.race does: the fastest carrier is the one that fails
 * Replaces: scatter-gather.ts
 * Killed by: does not take a failure for an answer
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, options) => {
  const settling = legs.map(
    (leg) =>
      async (...told: Parameters<typeof leg>) =>
        (await Promise.allSettled([leg(...told)]))[0],
  )
  const results = await right(settling, { ...options, discard: undefined })
  return results.map((result) => (result.status === 'fulfilled' ? result.value : result))
}
