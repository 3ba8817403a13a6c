import { type Deadline, deadlineAfter, msUntil } from '../../shared/core/deadline.ts'
import { NotNeededError, TimeoutError } from '../../shared/core/errors.ts'
import { checkOptions, count, countOrInfinity, finiteMs, instant, limitMs } from '../../shared/core/options.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'

/**
 * One of those asked: an `Operation` that is also told by when it must have answered, so that its upstream can be told;
 * `Infinity` where there is no limit.
 */
export type Leg<T> = (signal: AbortSignal, deadline: Deadline) => Promise<T>

export interface GatherOptions<T> {
  /** The caller's own wish to stop. */
  signal?: AbortSignal
  /** Milliseconds from the call to the answer, 0 or more. Default: `Infinity`. */
  timeoutMs?: number
  /** The caller's deadline; the earlier of it and the timeout counts. Default: `Infinity`. */
  deadline?: Deadline
  /** Kept back from the time there is: the legs end that many milliseconds earlier. 0 or more, and finite. Default: 0. */
  marginMs?: number
  /** Legs in flight at a time, begun in their order. A whole number, 1 or more. Default: `Infinity`, all of them. */
  concurrency?: number
  /** After that many successes, a whole number, 1 or more, the rest is cancelled. Default: `Infinity`, all are wanted. */
  enough?: number
  /** Once so many successes are out of reach, the rest is cancelled. A whole number from 0 to `enough`. Default: 0. */
  required?: number
  /** Closes an answer that came too late for anybody to get. What it throws is ignored. */
  discard?: (value: T) => unknown
}

/**
 * Asks every leg, and answers, in the order of `legs`, as soon as all have ended, `enough` have succeeded, the time is
 * up or the caller aborts. After that it waits for nobody, not even for a leg that ignores its signal.
 *
 * A leg that failed has its own reason. One that is missing has a TimeoutError, whose `attempts` is 0 if it was not even
 * asked; a NotNeededError; or the reason of `signal`. Only the missing are aborted: an answer may still be being read.
 *
 * It rejects with a RangeError for nonsense in the options, before anybody is asked, and with nothing else: what is there
 * is worth having, whatever the rest did.
 *
 * @see Hohpe and Woolf, "Enterprise Integration Patterns", Scatter-Gather; Dean and Barroso, "The Tail at Scale" (CACM
 * 56:2), on good-enough answers
 */
export async function scatterGather<T>(
  legs: readonly Leg<T>[],
  options: GatherOptions<T> = {},
): Promise<PromiseSettledResult<T>[]> {
  const { signal, timeoutMs = Infinity, deadline = Infinity, marginMs = 0 } = options
  const { concurrency = Infinity, enough = Infinity, required = 0, discard } = options
  checkOptions(
    { timeoutMs, deadline, marginMs, concurrency, enough, required },
    {
      timeoutMs: limitMs,
      deadline: instant,
      marginMs: finiteMs,
      concurrency: countOrInfinity,
      enough: countOrInfinity,
      required: [
        (value) => value === 0 || (count[0](value) && value <= enough),
        `a whole number from 0 to \`enough\` (${enough})`,
      ],
    },
  )
  const startedAt = performance.now()
  const legsDeadline = Math.min(deadline, deadlineAfter(timeoutMs)) - marginMs

  const results: PromiseSettledResult<T>[] = Array(legs.length)
  const inFlight = new Map<number, AbortController>()
  const { promise: gathered, resolve } = Promise.withResolvers<PromiseSettledResult<T>[]>()
  let begun = 0
  let succeeded = 0
  let failed = 0

  const proceed = () => {
    if (succeeded >= enough) stop(new NotNeededError(`${succeeded} of ${legs.length} answers were enough`))
    else if (legs.length - failed < required) stop(new NotNeededError(`${required} answers were out of reach`))
    else if (succeeded + failed === legs.length) stop()
    // The clock is asked for each: a leg that blocks the loop keeps the timer waiting, but not the time.
    else while (begun < legs.length && inFlight.size < concurrency && msUntil(legsDeadline) > 0) void ask(begun++)
  }

  const ask = async (index: number) => {
    // One each: a common one would not only stop the late, but also cut off the bodies of those that have answered.
    const controller = new AbortController()
    inFlight.set(index, controller)
    // An async function: its synchronous throw is a rejection.
    const work = async () => legs[index]!(controller.signal, legsDeadline)
    const [result] = await Promise.allSettled([work()])
    if (inFlight.delete(index)) {
      results[index] = result
      if (result.status === 'fulfilled') succeeded++
      else failed++
      proceed()
    } else if (result.status === 'fulfilled') {
      // Nobody is left to tell if it fails.
      Promise.resolve(result.value)
        .then(discard)
        .catch(() => {})
    }
  }

  const stop = (reason?: unknown, unasked = reason) => {
    for (const index of legs.keys()) results[index] ??= { status: 'rejected', reason: index < begun ? reason : unasked }
    const late = [...inFlight.values()]
    // Whoever still answers is late, and nobody else is asked.
    inFlight.clear()
    begun = legs.length
    resolve(results)
    // Last, as it calls whoever listens: should one of them abort the caller, it finds that all is over.
    for (const controller of late) controller.abort(reason)
  }

  const timedOut = (what: string, attempts: number) => {
    const elapsedMs = performance.now() - startedAt
    return new TimeoutError(`${what} within ${Math.round(elapsedMs)} ms`, { attempts, elapsedMs })
  }
  let timer: NodeJS.Timeout | undefined
  // Asked again when it fires: a timer may be a fraction of a millisecond early, or could not hold the whole delay.
  const onTimer = () => {
    const leftMs = msUntil(legsDeadline)
    if (leftMs <= 0) stop(timedOut('No answer', 1), timedOut('Not asked', 0))
    else if (leftMs < Infinity) timer = setTimeout(onTimer, Math.min(leftMs, MAX_TIMER_MS))
  }
  const onAbort = () => stop(signal!.reason)

  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  onTimer()
  proceed()
  try {
    return await gathered
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
