/**
 * An end that is a signal itself: it aborts once, and legs, queue, timer and listener hang on it.
 * Replaces: scatter-gather.ts
 */
import { NotNeededError, TimeoutError } from '../../../shared/core/errors.ts'
import { checkOptions, countOrInfinity, finiteMs, instant, limitMs } from '../../../shared/core/options.ts'
import { sleep } from '../../../shared/core/sleep.ts'
import type { GatherOptions, Leg } from '../scatter-gather.ts'

export type * from '../scatter-gather.ts'

export async function scatterGather<T>(
  legs: readonly Leg<T>[],
  options: GatherOptions<T> = {},
): Promise<PromiseSettledResult<T>[]> {
  const { signal, timeoutMs = Infinity, deadline = Infinity, marginMs = 0, discard = () => {} } = options
  const { concurrency = Infinity, enough = Infinity, required = 0 } = options
  checkOptions(
    { timeoutMs, deadline, marginMs, concurrency, enough, required },
    {
      timeoutMs: limitMs,
      deadline: instant,
      marginMs: finiteMs,
      concurrency: countOrInfinity,
      enough: countOrInfinity,
      required: [(value) => Number.isSafeInteger(value) && value >= 0 && value <= enough, 'from 0 to enough'],
    },
  )
  const startedAt = performance.now()
  const until = Math.min(deadline, startedAt + timeoutMs) - marginMs
  const late = (attempts: number) =>
    new TimeoutError('The time is up', { attempts, elapsedMs: performance.now() - startedAt })

  const over = new AbortController()
  const answers = new Map<number, PromiseSettledResult<T>>()
  const controllers: AbortController[] = []
  const failures = () => [...answers.values()].filter(({ status }) => status === 'rejected').length
  const end = (reasonOf: (attempts: number) => unknown) => {
    if (over.signal.aborted) return
    const gathered = legs.map((_, index): PromiseSettledResult<T> => {
      const answer = answers.get(index)
      return answer ?? { status: 'rejected', reason: reasonOf(controllers[index] ? 1 : 0) }
    })
    over.abort(gathered)
    for (const [index, controller] of controllers.entries())
      if (!answers.has(index)) controller.abort((gathered[index] as PromiseRejectedResult).reason)
  }
  const notNeeded = () => new NotNeededError('Not needed')
  const look = () => {
    if (answers.size - failures() >= enough || legs.length - failures() < required) end(notNeeded)
    else if (answers.size === legs.length) end(late)
    else if (performance.now() >= until) end(late)
    else if (
      !over.signal.aborted &&
      controllers.length - answers.size < concurrency &&
      controllers.length < legs.length
    ) {
      ask(controllers.length)
      look()
    }
  }
  const ask = (index: number) => {
    const controller = new AbortController()
    controllers.push(controller)
    new Promise<T>((resolve) => resolve(legs[index]!(controller.signal, until))).then(
      (value) => settle(index, { status: 'fulfilled', value }),
      (reason) => settle(index, { status: 'rejected', reason }),
    )
  }
  const settle = (index: number, result: PromiseSettledResult<T>) => {
    if (!over.signal.aborted) {
      answers.set(index, result)
      look()
    } else if (result.status === 'fulfilled') void (async () => discard(result.value))().catch(() => {})
  }

  if (signal?.aborted) end(() => signal.reason)
  else {
    signal?.addEventListener('abort', () => end(() => signal.reason), { signal: over.signal })
    look()
    // A limit that is none has no timer; over.signal ends the sleep.
    if (until < Infinity && !over.signal.aborted)
      sleep(until - performance.now(), over.signal).then(
        () => end(late),
        () => {},
      )
  }
  return new Promise((resolve) => {
    if (over.signal.aborted) resolve(over.signal.reason)
    over.signal.addEventListener('abort', () => resolve(over.signal.reason))
  })
}
