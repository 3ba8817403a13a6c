import { HedgeError, NotNeededError, ResponseError } from '../../shared/core/errors.ts'
import type { HedgeBudget } from './budget.ts'
import type { LiveLatency } from './latency.ts'

/** The longest delay that `setTimeout` takes. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The header that tells a replica which attempt it sees, from 0: for its metrics, and to shed hedges first. */
export const ATTEMPT_HEADER = 'hedge-attempt'

export interface HedgeOptions<R, T = R> {
  /** The caller's own wish to stop. */
  signal?: AbortSignal
  /** Whether twice is the same as once (RFC 9110, section 9.2.2). Anything else gets one attempt. */
  idempotent: boolean
  /** Says for each attempt when to hedge it, and is told of each. After a failure, whatever it says, nobody waits. */
  latency: Pick<LiveLatency, 'delayMs' | 'record' | 'recordCensored'>
  /** Pays for each attempt after the first, also for one that follows a failure. */
  budget: Pick<HedgeBudget, 'deposit' | 'tryWithdraw'>
  /** Attempts in all, the first included: 1 or more. Default: 2. When a single one fails, that is a HedgeError too. */
  maxAttempts?: number
  /** Whether another replica may do better. Default: all errors but a ResponseError with a 4xx. */
  isRetryable?: (error: unknown) => boolean
  /**
   * Reads the winner to its end, its signal still alive. Without it, the winner itself is the result, and the caller's to
   * end: `signal` does not reach it any more.
   */
  read?: (winner: R) => Promise<T> | T
  /** Closes what came after it had lost. Each value is either read or discarded. */
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
 * @throws the reason of `options.signal`, as it is, when the caller aborts, also while the winner is read
 * @throws RangeError for a `maxAttempts` below 1
 */
export async function hedge<R, T = R>(
  attempt: (signal: AbortSignal, number: number) => Promise<R>,
  options: HedgeOptions<R, T>,
): Promise<T> {
  const { signal, idempotent, latency, budget, maxAttempts = 2, isRetryable = isNoRefusal, discard } = options
  const { read = (winner) => winner as unknown as T } = options
  if (!(maxAttempts >= 1)) throw new RangeError(`maxAttempts must be 1 or more, got ${maxAttempts}`)
  signal?.throwIfAborted()

  const { promise: result, resolve, reject } = Promise.withResolvers<T>()
  const startedAt = performance.now()
  const most = idempotent ? maxAttempts : 1
  /** Those who may still win, and since when they run. */
  const running = new Map<AbortController, number>()
  const errors: unknown[] = []
  let winner: AbortController | undefined
  let begun = 0
  let timer: NodeJS.Timeout | undefined

  const begin = () => void run(begun++).catch(fail)
  const run = async (number: number) => {
    const me = new AbortController()
    running.set(me, performance.now())
    wait()
    try {
      const value = await attempt(me.signal, number)
      if (!running.has(me)) return await discard?.(value)
      latency.record(leave(me))
      winner = me
      cancel(() => new NotNeededError(`Attempt ${number} was faster`))
      resolve(await read(value))
    } catch (error) {
      if (me === winner) return reject(error)
      // What a loser makes of its abort, or what its discard throws: nobody waits for that.
      if (!running.has(me)) return
      latency.recordCensored(leave(me))
      errors[number] = error
      if (!isRetryable(error)) fail(error)
      else if (!beginNext() && running.size === 0) fail(allFailed())
    }
  }
  const beginNext = (): boolean => {
    // When the budget says no, what runs goes on running.
    if (begun >= most || !budget.tryWithdraw()) return false
    begin()
    return true
  }
  const wait = () => {
    clearTimeout(timer)
    const delayMs = latency.delayMs()
    // A call whose hedge was denied asks again after another delay: it is the later for it. "Never" is Infinity, which a
    // timer would take for 1 ms.
    if (begun < most && delayMs <= MAX_TIMER_MS) timer = setTimeout(() => beginNext() || wait(), delayMs)
  }
  /** Takes an attempt out of the race; returns for how many ms it ran. */
  const leave = (attempt: AbortController): number => {
    const elapsedMs = performance.now() - running.get(attempt)!
    running.delete(attempt)
    return elapsedMs
  }
  /** Errors are dear, for their stack: most calls have no loser and need none. */
  const cancel = (reason: () => unknown) => {
    clearTimeout(timer)
    for (const loser of running.keys()) {
      // Now, and not when it settles: it may ignore its signal, and this is how long it has taken without an answer.
      latency.recordCensored(leave(loser))
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
    budget.deposit()
    begin()
    return await result
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function isNoRefusal(error: unknown): boolean {
  return !(error instanceof ResponseError && error.status < 500)
}
