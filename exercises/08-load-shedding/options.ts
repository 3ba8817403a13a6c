import { count, type Rule } from '../../shared/core/options.ts'
import type { Random } from '../../shared/core/random.ts'

/** From 0, the most urgent, to 7, as RFC 9218 counts. */
export const URGENCIES = 8

/** What one visit has been like, told when it ends. */
export interface VisitReport {
  /** From the hand-over of the place until it was given back, in milliseconds. */
  ms: number
  /** How many were inside just before, this one included. */
  inside: number
}

/** How many may be inside at a time, by what the visits tell. */
export interface ConcurrencyLimit {
  /** A whole number, 1 or more. */
  readonly places: number
  learn(visit: VisitReport): void
}

export interface DoorOptions {
  /** How many may be inside at a time: a whole number, `Infinity` for no limit, or a limit that learns. */
  limit: number | ConcurrencyLimit
  /** How many of each urgency wait when all places are taken: a whole number, 0 for none. Default: 64. */
  queue?: number
  /** How long one waits at most; 0 or more, or Infinity. Default: 100. */
  maxWaitMs?: number
  /** How many begin in one turn of the event loop, at most: a whole number, or Infinity. Default: 8. */
  perTurn?: number
  /** Each so-many-th place goes to whoever has waited longest, urgent or not; `Infinity` for none. Default: 10. */
  fairEvery?: number
  /**
   * A queue that has been there for less than so many milliseconds is a burst, which goes away if one lets it: who comes
   * then may wait for so long, or `maxWaitMs` if that is more. 0 or more, or Infinity. Default: 0.
   */
  burstMs?: number
  /** When a queue is so many milliseconds old, the newest goes first; above 0. Default: Infinity. */
  newestFirstAfterMs?: number
  /** From this share (0 to 1) of the queue's length on, chance refuses a newcomer now and then. Default: 1, which is never. */
  earlyFrom?: number
  /** Default: Math.random. */
  random?: Random
}

const DEFAULTS = {
  queue: 64,
  maxWaitMs: 100,
  burstMs: 0,
  perTurn: 8,
  fairEvery: 10,
  newestFirstAfterMs: Infinity,
  earlyFrom: 1,
  random: Math.random,
}

/**
 * The options, with defaults for what is missing or undefined.
 *
 * @throws RangeError that names the option, what it takes and what it got
 */
export function withDefaults(options: DoorOptions): Required<DoorOptions> {
  // Nobody would set a number of places to NaN.
  return { ...DEFAULTS, ...options }
}

/** What an urgency may be. */
export const urgency: Rule = [
  (value) => Number.isInteger(value) && value >= 0 && value < URGENCIES,
  `a whole number from 0 to ${URGENCIES - 1}`,
]

/** How many places there are. */
export const places = count
