import type { Deadline } from '../../shared/core/deadline.ts'

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
  { signal = new AbortController().signal, deadline = Infinity }: GatherOptions<T> = {},
): Promise<PromiseSettledResult<T>[]> {
  // One after the other, as at the counter of a post office.
  const results: PromiseSettledResult<T>[] = []
  for (const leg of legs) {
    try {
      results.push({ status: 'fulfilled', value: await leg(signal, deadline) })
    } catch (reason) {
      results.push({ status: 'rejected', reason })
    }
  }
  return results
}
