/**
 * Workers that share one iterator of the legs, and a race of each leg against the end.
 * Replaces: scatter-gather.ts
 */
import { NotNeededError, TimeoutError } from '../../../shared/core/errors.ts'
import { checkOptions, countOrInfinity, finiteMs, instant, limitMs } from '../../../shared/core/options.ts'
import type { GatherOptions, Leg } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export async function scatterGather<T>(
  legs: Leg<T>[],
  options: GatherOptions<T> = {},
): Promise<PromiseSettledResult<T>[]> {
  const { signal, timeoutMs = Infinity, deadline = Infinity, marginMs = 0, discard = () => {} } = options
  const { concurrency = Infinity, enough = Infinity, required = 0 } = options
  checkOptions(
    { timeoutMs, deadline, marginMs, concurrency, enough },
    {
      timeoutMs: limitMs,
      deadline: instant,
      marginMs: finiteMs,
      concurrency: countOrInfinity,
      enough: countOrInfinity,
    },
  )
  if (!Number.isInteger(required) || required < 0) throw new RangeError('required must be a whole number, 0 or more')
  if (required > enough) throw new RangeError(`enough must be at least required: ${enough} is less than ${required}`)

  const limit = Math.min(performance.now() + timeoutMs, deadline) - marginMs
  const startedAt = performance.now()
  const asked = new Set<number>()
  const open = new Set<AbortController>()
  const over = Promise.withResolvers<never>()
  over.promise.catch(() => {})
  let end: { reasonFor: (index: number) => unknown } | undefined
  const finish = (reasonFor: (index: number) => unknown) => {
    if (end) return
    end = { reasonFor }
    over.reject(null)
    for (const controller of open) controller.abort(reasonFor([...asked][0] ?? 0))
  }

  const results = legs.map((): PromiseSettledResult<T> | undefined => undefined)
  const count = (status: string) => results.filter((result) => result?.status === status).length
  const look = () => {
    if (count('fulfilled') >= enough || legs.length - count('rejected') < required) {
      const error = new NotNeededError('Not needed')
      finish(() => error)
    }
  }
  const ask = async (index: number, leg: Leg<T>) => {
    const controller = new AbortController()
    open.add(controller)
    asked.add(index)
    try {
      const value = await leg(controller.signal, limit)
      if (end) await discard(value)
      else results[index] = { status: 'fulfilled', value }
    } catch (reason) {
      if (!end) results[index] = { status: 'rejected', reason }
    }
    open.delete(controller)
    look()
  }

  let timer: NodeJS.Timeout | undefined
  const tick = () => {
    if (limit === Infinity) return
    const elapsedMs = performance.now() - startedAt
    const late = (index: number) => new TimeoutError('Late', { elapsedMs, attempts: asked.has(index) ? 1 : 0 })
    if (performance.now() >= limit) finish(late)
    else timer = setTimeout(tick, Math.min(limit - performance.now(), 1e9))
  }
  const onAbort = () => finish(() => signal?.reason)
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort)
  tick()
  look()

  const queue = legs.entries()
  const worker = async () => {
    while (!end && performance.now() < limit) {
      const { value: next } = queue.next()
      if (!next) return
      await Promise.race([ask(...next), over.promise])
    }
  }
  const workers = Array.from({ length: Math.min(concurrency, legs.length) }, worker)
  await Promise.allSettled(workers)
  // What nobody took for want of time is over when the timer says so.
  if (asked.size < legs.length) await over.promise.catch(() => {})
  clearTimeout(timer)
  signal?.removeEventListener('abort', onAbort)
  end ??= { reasonFor: () => undefined }
  return results.map((result, index) => result ?? { status: 'rejected', reason: end?.reasonFor(index) })
}
