/**
 * Mistake: a late answer is still written into the results that were handed out
 * Replaces: scatter-gather.ts
 * Killed by: does not wait for a leg that ignores its signal
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async <T>(...[legs, options]: Parameters<typeof right<T>>) => {
  let results: PromiseSettledResult<T>[] = []
  const noted = legs.map((leg, index): typeof leg => async (...told) => {
    const value = await leg(...told)
    results[index] = { status: 'fulfilled', value }
    return value
  })
  return (results = await right(noted, options))
}
