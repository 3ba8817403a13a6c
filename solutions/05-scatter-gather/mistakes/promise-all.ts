/**
 * Mistake: a bare Promise.all: the first failure takes every answer with it, and the other legs run on
 * Replaces: scatter-gather.ts
 * Killed by: has one failure sink nobody else
 */
import type { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async (legs, { signal = new AbortController().signal } = {}) => {
  const values = await Promise.all(legs.map((leg) => leg(signal, Infinity)))
  return values.map((value) => ({ status: 'fulfilled', value }))
}
