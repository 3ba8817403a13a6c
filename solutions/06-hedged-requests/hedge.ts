import { inspect } from 'node:util'
import { HedgeError, NotNeededError, ResponseError } from '../../shared/core/errors.ts'
import { checkOptions, count } from '../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'
import type { HedgeBudget } from './budget.ts'
import type { LiveLatency } from './latency.ts'

/** The header that tells a replica which attempt it sees, from 0: for its metrics, and to shed hedges first. */
export const ATTEMPT_HEADER = 'hedge-attempt'

/** A `latency`, a `budget` or an `isRetryable` that throws costs a hedge, not the call: `process.emitWarning` tells of it. */
export interface HedgeOptions<R, T = R> {
  /** The caller's own wish to stop. */
  signal?: AbortSignal
  /** Whether twice is the same as once (RFC 9110, section 9.2.2). Anything else gets one attempt. */
  idempotent: boolean
  /**
   * Says for each attempt, as it begins, when the next one is due, and is told of each. What is no delay (negative, NaN)
   * or none that a timer can hold (above 2³¹ - 1 ms, such as Infinity) is "do not hedge". After a failure nobody waits.
   */
  latency: Pick<LiveLatency, 'delayMs' | 'record' | 'recordCensored'>
  /** Is paid into once a call, and pays for each attempt after the first, also for one that follows a failure. */
  budget: Pick<HedgeBudget, 'deposit' | 'tryWithdraw'>
  /** Attempts in all, the first included: 1 or more. Default: 2. When a single one fails, that is a HedgeError too. */
  maxAttempts?: number
  /** Whether another replica may do better; no when it throws. Default: all errors but a ResponseError below 500. */
  isRetryable?: (error: unknown) => boolean
  /**
   * Reads the winner to its end, its signal still alive; when that fails, the signal aborts with the error. Without it,
   * the winner itself is the result, and the caller's to end: `signal` does not reach it any more.
   */
  read?: (winner: R) => Promise<T> | T
  /** Closes what came after it had lost. Each value is either read or discarded. What this throws is nobody's business. */
  discard?: (late: R) => unknown
}

/**
 * Asks once, and once more when the answer is late: the first success wins, and the losers are cancelled.
 * (Jeffrey Dean and Luiz André Barroso, "The Tail at Scale", 2013.)
 *
 * @param attempt asks replica `number`, which counts from 0: another replica each time, or the hedge queues behind
 *   the very thing that it is to overtake. A loser's signal aborts with a NotNeededError.
 * @throws HedgeError when every attempt failed and there may be no further one; `errors` has each cause
 * @throws an error that is not retryable, as it is, as soon as an attempt meets it
 * @throws what `read` throws, as it is
 * @throws the reason of `options.signal`, as it is, when the caller aborts, also while the winner is read
 * @throws RangeError for a `maxAttempts` that is no whole number, or below 1
 */
export async function hedge<R, T = R>(
  attempt: (signal: AbortSignal, number: number) => Promise<R>,
  options: HedgeOptions<R, T>,
): Promise<T> {
  const { signal, idempotent, latency, budget, maxAttempts = 2, isRetryable = isNoRefusal, read, discard } = options
  checkOptions({ maxAttempts }, { maxAttempts: count })
  signal?.throwIfAborted()

  const { promise: result, resolve, reject } = Promise.withResolvers<T>()
  const startedAt = performance.now()
  const most = idempotent ? maxAttempts : 1
  /** Those who may still win, and since when they run. */
  const running = new Map<AbortController, number>()
  const errors: unknown[] = []
  /** Whose answer is being read. */
  let winner: AbortController | undefined
  let begun = 0
  let timer: NodeJS.Timeout | undefined

  const run = async (number: number) => {
    const me = new AbortController()
    running.set(me, performance.now())
    wait()
    try {
      const value = await attempt(me.signal, number)
      if (!running.has(me)) return await discard?.(value)
      leave(me, 'record')
      cancel(() => new NotNeededError(`Attempt ${number} was faster`))
      // In the same turn: whoever aborts in the next one would else lose an answer that nobody closes.
      if (!read) return resolve(value as unknown as T)
      winner = me
      resolve(await read(value))
    } catch (error) {
      if (me === winner) {
        reject(error)
        // What is left of it, unread, would hold its socket.
        return me.abort(error)
      }
      // What a loser makes of its abort, or what its discard throws: nobody waits for that.
      if (!running.has(me)) return
      leave(me, 'recordCensored')
      errors[number] = error
      if (!orElse(false, () => isRetryable(error))) fail(error)
      else if (!beginNext() && running.size === 0) fail(allFailed())
    }
  }
  const beginNext = (): boolean => {
    // When the budget says no, what runs goes on running.
    if (begun >= most || !orElse(false, () => budget.tryWithdraw())) return false
    void run(begun++)
    return true
  }
  const wait = () => {
    clearTimeout(timer)
    if (begun >= most) return
    const delayMs = orElse(Infinity, () => latency.delayMs())
    // A call whose hedge was denied asks again after another delay: it is the later for it. "Never" is Infinity, which a
    // timer would take for 1 ms, as it does whatever is no delay.
    if (delayMs >= 0 && delayMs <= MAX_TIMER_MS) timer = setTimeout(() => beginNext() || wait(), delayMs)
  }
  /** Takes an attempt out of the race, and tells how long it ran. */
  const leave = (attempt: AbortController, how: 'record' | 'recordCensored') => {
    const elapsedMs = performance.now() - running.get(attempt)!
    running.delete(attempt)
    orElse(undefined, () => latency[how](elapsedMs))
  }
  /** Errors are dear, for their stack: most calls have no loser and need none. */
  const cancel = (reason: () => unknown) => {
    clearTimeout(timer)
    for (const loser of running.keys()) {
      // Now, and not when it settles: it may ignore its signal, and this is how long it has taken without an answer.
      leave(loser, 'recordCensored')
      loser.abort(reason())
    }
  }
  const fail = (error: unknown) => {
    cancel(() => new NotNeededError('The call has failed', { cause: error }))
    reject(error)
  }
  const allFailed = () => {
    const elapsedMs = performance.now() - startedAt
    return new HedgeError(`All attempts failed, ${begun} in all`, errors, { attempts: begun, elapsedMs })
  }
  const onAbort = () => {
    cancel(() => signal!.reason)
    winner?.abort(signal!.reason)
    reject(signal!.reason)
  }

  signal?.addEventListener('abort', onAbort)
  try {
    orElse(undefined, () => budget.deposit())
    void run(begun++)
    return await result
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

/** What another replica would say as well: our own mistakes, a redirect. */
function isNoRefusal(error: unknown): boolean {
  return !(error instanceof ResponseError && error.status < 500)
}

/** Hedging is a favour: what measures it and pays for it may break, and the call goes on without. */
function orElse<V>(instead: V, ask: () => V): V {
  try {
    return ask()
  } catch (error) {
    process.emitWarning(`An option of hedge() threw ${inspect(error)}`)
    return instead
  }
}
