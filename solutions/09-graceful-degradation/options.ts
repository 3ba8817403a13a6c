import type { Deadline } from '../../shared/core/deadline.ts'
import { checkOptions, count, finiteMs, limitMs as limitRule, type Rule } from '../../shared/core/options.ts'
import type { Random } from '../../shared/core/random.ts'
import { MAX_TIMER_MS } from '../../shared/core/sleep.ts'

/** A call for everybody who waits for it. Signal and deadline are the call's own, and no single caller's. */
export type Fetch<T> = (signal: AbortSignal, deadline: Deadline) => Promise<T>

export interface Answer<T> {
  value: T
  /** Kept and fresh; of a call of one's own; of a call that somebody else had begun; kept, and no longer fresh. */
  how: 'hit' | 'miss' | 'shared' | 'stale'
  /** Milliseconds since the call that has brought it began. */
  ageMs: number
  /** Why it is stale, where a call has failed; undefined where it is merely slow. */
  cause?: unknown
}

/** An answer for another process: instants of this one's clock would mean nothing there. */
export interface Kept<T> {
  value: T
  /** Milliseconds since the call that has brought it began. */
  ageMs: number
  /** How long that call took, in milliseconds. */
  tookMs: number
}

/** Where answers are kept for several processes. Whatever it does, nobody's request is to fail for it. */
export interface Level<T> {
  get(key: string): Promise<Kept<T> | undefined>
  set(key: string, kept: Kept<T>): Promise<void>
}

export interface CacheOptions<T = unknown> {
  /** Younger is given without asking; 0 or more. */
  freshMs: number
  /** What a call may take before what is stale is given in its place; 0 or more, or Infinity. Default: 0. */
  patienceMs?: number
  /** When a call is slow, what is younger than this is given; at least `freshMs`. Default: `freshMs`. */
  slowMs?: number
  /** When a call has failed, what is younger than this is given; at least `slowMs`. Default: `slowMs`. */
  errorMs?: number
  /** After which a call is over, whatever it does; above 0, below 2³¹. Default: 10,000. */
  limitMs?: number
  /** Answers kept, at most; a whole number. Default: 10,000. */
  maxEntries?: number
  /** Bytes of their JSON and their keys, and 200 for each, at most; a whole number. Default: 10,000,000. */
  maxBytes?: number
  /** Whether an error is an answer ("there is no such thing"), and no failure. Default: none is. */
  isRefusal?: (error: unknown) => boolean
  /** For which such an answer is given again without asking; finite, 0 or more. Default: 0. */
  refusalMs?: number
  /** How eagerly a hit is refreshed before its time, in durations of its call; finite, 0 for never. Default: 0. */
  earliness?: number
  /** Default: Math.random. */
  random?: Random
  /** Asked before `fetch` is. Default: there is none. */
  second?: Level<T>
  /** For an answer of the second level; above 0, below 2³¹. Default: 50. */
  secondMs?: number
  /** Told what the second level has thrown, or that it was late. */
  onSecondFailure?: (error: unknown) => void
}

export type AllCacheOptions<T> = Required<Omit<CacheOptions<T>, 'second'>> & Pick<CacheOptions<T>, 'second'>

export interface DimmerOptions {
  /** How busy it is, from 0 to 1. */
  pressure: () => number
  /** Their names, the dearest to customers first. */
  extras: readonly string[]
  /** At this pressure or above, brightness is halved; at most 1. Default: 0.9. */
  dimAt?: number
  /** At this pressure or below, brightness grows; 0 or more, below `dimAt`. Default: 0.6. */
  brightenAt?: number
  /** How often it looks, at most, in milliseconds; finite, above 0. Default: 500. */
  everyMs?: number
  /** By how much brightness grows; above 0, at most 1. Default: 0.1. */
  step?: number
  /** Default: Math.random. */
  random?: Random
}

/** A limit that one timer can hold. */
export const timerMs: Rule = [(value) => value > 0 && value <= MAX_TIMER_MS, 'milliseconds above 0 and below 2³¹']

const earlinessRule: Rule = [(value) => value >= 0 && value < Infinity, 'a finite number, 0 or more']
const atLeast = (least: number): Rule => [(value) => value >= least && value < Infinity, `finite, ${least} or more`]

/**
 * The options, with defaults for what is missing or undefined.
 *
 * @throws RangeError that names the option, what it takes and what it got
 */
export function withDefaults<T>(options: CacheOptions<T>): AllCacheOptions<T> {
  const { freshMs, slowMs = freshMs, errorMs = slowMs, second } = options
  const all: AllCacheOptions<T> = {
    freshMs,
    slowMs,
    errorMs,
    second,
    patienceMs: options.patienceMs ?? 0,
    limitMs: options.limitMs ?? 10_000,
    maxEntries: options.maxEntries ?? 10_000,
    maxBytes: options.maxBytes ?? 10_000_000,
    isRefusal: options.isRefusal ?? (() => false),
    refusalMs: options.refusalMs ?? 0,
    earliness: options.earliness ?? 0,
    random: options.random ?? Math.random,
    secondMs: options.secondMs ?? 50,
    onSecondFailure: options.onSecondFailure ?? (() => {}),
  }
  checkOptions(all, {
    freshMs: finiteMs,
    slowMs: atLeast(freshMs),
    errorMs: atLeast(slowMs),
    patienceMs: limitRule,
    limitMs: timerMs,
    maxEntries: count,
    maxBytes: count,
    refusalMs: finiteMs,
    earliness: earlinessRule,
    secondMs: timerMs,
  })
  return all
}
