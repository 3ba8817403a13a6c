/**
 * Replaces: hedge.ts
 */
import { HedgeError, NotNeededError, ResponseError } from '../../../shared/core/errors.ts'
import { checkOptions, count } from '../../../shared/core/options.ts'
import type { HedgeOptions } from '../hedge.ts'

export * from '../hedge.ts'

interface Leg<R> {
  controller: AbortController
  /** Its own listener to the caller. */
  hangUp: () => void
  beganAt: number
  /** Never rejects. */
  outcome: Promise<{ leg: Leg<R>; value: R } | { leg: Leg<R>; error: unknown }>
}

type News<R> = Awaited<Leg<R>['outcome']> | 'due' | 'aborted'

/** `ask`, or `instead` when it throws. */
function guard<A extends unknown[], V>(ask: (...args: A) => V, instead: V): (...args: A) => V {
  return (...args) => {
    try {
      return ask(...args)
    } catch (error) {
      process.emitWarning(`hedge: ${error}`)
      return instead
    }
  }
}

/** The same as a loop that waits for the next thing to happen, whatever it is. Each attempt listens to the caller. */
export async function hedge<R, T = R>(
  attempt: (signal: AbortSignal, number: number) => Promise<R>,
  options: HedgeOptions<R, T>,
): Promise<T> {
  const { signal, idempotent, maxAttempts = 2, read, discard } = options
  const { isRetryable: mayRetry = (error: unknown) => !(error instanceof ResponseError) || error.status >= 500 } =
    options
  const isRetryable = guard(mayRetry, false)
  const delayMs = guard(() => options.latency.delayMs(), Infinity)
  const record = guard((ms: number) => options.latency.record(ms), undefined)
  const recordCensored = guard((ms: number) => options.latency.recordCensored(ms), undefined)
  const deposit = guard(() => options.budget.deposit(), undefined)
  const tryWithdraw = guard(() => options.budget.tryWithdraw(), false)
  checkOptions({ maxAttempts }, { maxAttempts: count })
  signal?.throwIfAborted()

  const startedAt = performance.now()
  const limit = idempotent ? maxAttempts : 1
  const errors = new Map<Leg<R>, unknown>()
  const legs: Leg<R>[] = []
  let running: Leg<R>[] = []
  let dueAt = Infinity

  const dueIn = (ms: number) => (ms >= 0 ? performance.now() + ms : Infinity)
  const begin = () => {
    const controller = new AbortController()
    const work = async () => attempt(controller.signal, legs.length)
    const hangUp = () => controller.abort(signal!.reason)
    signal?.addEventListener('abort', hangUp)
    const leg: Leg<R> = { controller, hangUp, beganAt: performance.now(), outcome: null! }
    leg.outcome = work().then(
      (value) => ({ leg, value }),
      (error) => ({ leg, error }),
    )
    legs.push(leg)
    running.push(leg)
    dueAt = dueIn(delayMs())
  }
  const cancel = (reason: unknown) => {
    for (const { controller, beganAt, outcome } of running) {
      recordCensored(performance.now() - beganAt)
      controller.abort(reason)
      outcome.then((late) => 'value' in late && discard?.(late.value)).catch(() => {})
    }
    running = []
  }
  const aborted = Promise.withResolvers<'aborted'>()
  const onAbort = () => aborted.resolve('aborted')
  signal?.addEventListener('abort', onAbort)

  const nextNews = async (): Promise<News<R>> => {
    const due = Promise.withResolvers<'due'>()
    const waitMs = dueAt - performance.now()
    const timer = legs.length < limit && waitMs < 2 ** 31 ? setTimeout(() => due.resolve('due'), waitMs) : undefined
    const news = await Promise.race([aborted.promise, ...running.map(({ outcome }) => outcome), due.promise])
    clearTimeout(timer)
    return news
  }

  try {
    deposit()
    begin()
    for (;;) {
      const news = await nextNews()
      if (news === 'aborted' || signal?.aborted) {
        cancel(signal!.reason)
        throw signal!.reason
      }
      if (news === 'due') {
        if (tryWithdraw()) begin()
        else dueAt = dueIn(delayMs())
        continue
      }
      running = running.filter((leg) => leg !== news.leg)
      const tookMs = performance.now() - news.leg.beganAt
      if ('value' in news) {
        record(tookMs)
        cancel(new NotNeededError('Another one was faster'))
        if (!read) return news.value as unknown as T
        const gone = aborted.promise.then(() => {
          throw signal!.reason
        })
        const reading = (async () => read(news.value))()
        reading.catch((error) => news.leg.controller.abort(error))
        return await Promise.race([gone, reading])
      }
      recordCensored(tookMs)
      errors.set(news.leg, news.error)
      if (!isRetryable(news.error)) {
        cancel(new NotNeededError('The call has failed'))
        throw news.error
      }
      if (legs.length < limit && tryWithdraw()) begin()
      else if (running.length === 0) {
        const effort = { attempts: legs.length, elapsedMs: performance.now() - startedAt }
        throw new HedgeError(
          'No attempt succeeded',
          legs.map((leg) => errors.get(leg)),
          effort,
        )
      }
    }
  } catch (error) {
    cancel(new NotNeededError('The call has failed'))
    throw error
  } finally {
    for (const listener of [onAbort, ...legs.map(({ hangUp }) => hangUp)])
      signal?.removeEventListener('abort', listener)
  }
}
