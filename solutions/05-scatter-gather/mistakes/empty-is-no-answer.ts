/**
 * Mistake: takes an empty answer for none
 * Replaces: scatter-gather.ts
 * Killed by: counts an answer that says nothing
 */
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = (legs, options) => {
  const asked = legs.map((leg): typeof leg => async (...told) => {
    const value = await leg(...told)
    if (!value) throw new Error('No answer')
    return value
  })
  return right(asked, options)
}
