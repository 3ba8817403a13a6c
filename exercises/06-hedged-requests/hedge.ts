import { neverAborts } from '../../shared/core/never-aborts.ts'
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

/** Asks once, and once more when the answer is late: the first success wins, and the losers are cancelled. */
export async function hedge<R, T = R>(
  attempt: (signal: AbortSignal, number: number) => Promise<R>,
  { signal = neverAborts, read = (winner) => winner as unknown as T }: HedgeOptions<R, T>,
): Promise<T> {
  // One request, and patience.
  return read(await attempt(signal, 0))
}
