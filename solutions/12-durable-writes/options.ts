import type { Random } from '../../shared/core/random.ts'
import type { CongestionWindow } from './window.ts'
import type { Verdict } from './verdict.ts'

export interface LogOptions {
  /** After which a file is full and the next one begins; a whole number. Default: 8 MiB. */
  segmentBytes?: number
  /** Of one line, with all the records that it makes durable, at most; a whole number. Default: 1 MiB. */
  lineBytes?: number
  /** What the names of its files begin with. Default: ''. */
  prefix?: string
}

export interface WindowOptions {
  /** Sent at a time, at most; a whole number. Default: 32. */
  max?: number
  /** The first pause, where there is but one at a time, and that one fails; above 0, below 2³¹. Default: 100. */
  baseMs?: number
  /** The longest such pause; at least `baseMs`, below 2³¹. Default: 5,000. */
  capMs?: number
  /** The share of a pause that chance may take off; 0 to 1. Default: 0.2. */
  jitter?: number
  /** Default: Math.random. */
  random?: Random
}

/** What is owed: `payload` as it was when it was put, under the same `key` however often it is sent. */
export interface Item<T> {
  key: string
  payload: T
}

/** What will not be delivered, and why. */
export interface DeadLetter<T> extends Item<T> {
  /** The message of the last error. */
  reason: string
}

export interface OutboxOptions<T> {
  /** Sends it, and resolves when it has arrived. Whoever gets it may get it twice. */
  deliver: (item: Item<T>, signal: AbortSignal) => Promise<unknown>
  /** What an error of `deliver` says. Default: `verdictOf` of verdict.ts. */
  verdictOf?: (error: unknown) => Verdict
  /** After which an attempt has failed, whatever it does; above 0, below 2³¹. Default: 10,000. */
  attemptMs?: number
  /** Owed, at most; a whole number. Default: 10,000. */
  capacity?: number
  /** Failures, with somebody else's success between each, that make a dead letter; a whole number. Default: 10. */
  maxStrikes?: number
  /** How many are sent at a time. Default: a window of its own. */
  window?: CongestionWindow
}

export interface OutboxStats {
  /** Owed: on disk, and neither delivered nor dead. */
  pending: number
  /** Milliseconds since the oldest of them was put, by the clock on the wall; 0 or more, and 0 where there is none. */
  oldestMs: number
  inFlight: number
  /** How many may be. */
  window: number
  dead: number
  /** On disk. */
  bytes: number
  /** Since it was opened. */
  delivered: number
  /** Attempts that failed, since then. */
  failed: number
  /** The log takes nothing more, or that of the dead, and this is why. */
  broken: Error | undefined
}
