/**
 * Mistake: answers when enough is out of reach, and ends nothing: the queue goes on, and so do the listener and the timer
 * Replaces: scatter-gather.ts
 * Killed by: is over for the queue, the late and the caller, too, once they are out of reach
 */
import { NotNeededError } from '../../../shared/core/errors.ts'
import { scatterGather as right } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export const scatterGather: typeof right = async <T>(...[legs, options = {}]: Parameters<typeof right<T>>) => {
  const { required = 0, ...others } = options
  const results: PromiseSettledResult<T>[] = []
  const outOfReach = Promise.withResolvers<void>()
  let left = legs.length
  const counted = legs.map((leg, index): typeof leg => async (...told) => {
    const [result] = await Promise.allSettled([(async () => leg(...told))()])
    results[index] = result
    if (result.status === 'rejected' && --left < required) outOfReach.resolve()
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
  const gathering = right(counted, others)
  const all = await Promise.race([gathering, outOfReach.promise])
  const reason = new NotNeededError('Out of reach')
  return all ?? Array.from(legs, (_, index) => results[index] ?? { status: 'rejected', reason })
}
