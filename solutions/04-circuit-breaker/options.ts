import { checkOptions, count, countOrInfinity, durationMs, type Rule, share } from '../../shared/core/options.ts'
import type { Random } from '../../shared/core/random.ts'
import type { WindowCounts } from './window.ts'

/** What a breaker is doing, for metrics and for people. A snapshot: it does not change when the breaker does. */
export type BreakerState =
  /** Calls go through, and are counted. */
  | { readonly status: 'closed' }
  /** No call goes through for `retryAfterMs`; at 0 the next one is a probe. `cause` is the failure that opened it; undefined for a slow answer. */
  | { readonly status: 'open'; readonly retryAfterMs: number; readonly cause: unknown }
  /** A few calls go through as probes; what becomes of them decides. */
  | { readonly status: 'half-open' }

export interface BreakerChange {
  /** The breaker's own, from its options. */
  readonly name: string
  readonly from: BreakerState['status']
  readonly to: BreakerState
  /** Only from closed to open: what the window held, the last straw included. Empty without a `failureRate`. */
  readonly window?: WindowCounts
}

export interface BreakerOptions {
  /** For messages and for `onChange`. Default: upstream. */
  name?: string
  /** Opens at this many failures in a row, a whole number; `Infinity` for never. Default: Infinity. */
  consecutiveFailures?: number
  /** Opens when this share (above 0, up to 1) of the calls in the window failed, or more; `Infinity` for never. Default: 0.5. */
  failureRate?: number
  /**
   * With fewer calls in the window than this, the one that fails included, a share says nothing. A whole number, or
   * `Infinity` for never. Default: 10.
   */
  minimumCalls?: number
  /** For how long a call counts, from its end; finite, above 0. Default: 10,000. */
  windowMs?: number
  /** Slices in which the window forgets; a whole number. Default: 10. */
  buckets?: number
  /** An answer that takes this long counts as a failure, although its caller gets it; above 0, `Infinity` for never. Default: Infinity. */
  slowCallMs?: number
  /** Calls let through when half-open; it closes when all of them succeed. A whole number. Default: 1. */
  probes?: number
  /**
   * After so long without a result, a probe loses its slot to the next caller who finds none free. Set it to more than
   * the call's own timeout. Finite, above 0. Default: 10,000.
   */
  probeLeaseMs?: number
  /** How long it stays open at first; finite, above 0, and doubled each time a probe fails. Default: 5,000. */
  breakMs?: number
  /** The longest break, but for what `retryAfterMs` asks for; finite, and at least `breakMs`. Default: 60,000. */
  maxBreakMs?: number
  /** The share (0 to 1) of a break that chance may take off, lest a fleet of breakers probes in step. Default: 0.2. */
  jitter?: number
  /** Default: Math.random. */
  random?: Random
  /**
   * Whether the error speaks against the upstream. One that does not, such as a 404, is an answer, and so a success.
   * When this throws, it was a failure. Default: all are failures.
   */
  isFailure?: (error: unknown) => boolean
  /**
   * Whether the error says nothing about the upstream, for it or against it: a full queue of our own, a mistake of ours.
   * Asked before `isFailure`. When this throws, it was a failure. Default: none is.
   */
  isExcluded?: (error: unknown) => boolean
  /**
   * For how many milliseconds the upstream asks to be left in peace, such as by the `Retry-After` of a 503: a break that
   * begins with this error is at least as long. What is undefined, or not finite, asks for nothing. Default: none asks.
   */
  retryAfterMs?: (error: unknown) => number | undefined
  /** Called after each change of state. What it throws is a warning of the process, and nobody's failed call. */
  onChange?: (change: BreakerChange) => void
}

const DEFAULTS: Required<BreakerOptions> = {
  name: 'upstream',
  consecutiveFailures: Infinity,
  failureRate: 0.5,
  minimumCalls: 10,
  windowMs: 10_000,
  buckets: 10,
  slowCallMs: Infinity,
  probes: 1,
  probeLeaseMs: 10_000,
  breakMs: 5_000,
  maxBreakMs: 60_000,
  jitter: 0.2,
  random: Math.random,
  isFailure: () => true,
  isExcluded: () => false,
  retryAfterMs: () => undefined,
  onChange: () => {},
}

const RULES: Partial<Record<keyof BreakerOptions, Rule>> = {
  consecutiveFailures: countOrInfinity,
  failureRate: [(value) => (value > 0 && value <= 1) || value === Infinity, 'above 0 and at most 1, or Infinity'],
  minimumCalls: countOrInfinity,
  windowMs: durationMs,
  buckets: count,
  slowCallMs: [(value) => value > 0, 'milliseconds above 0, or Infinity'],
  probes: count,
  probeLeaseMs: durationMs,
  breakMs: durationMs,
  maxBreakMs: durationMs,
  jitter: share,
}

/**
 * The options, with defaults for what is missing or undefined.
 *
 * @throws RangeError that names the option, what it takes and what it got: a breaker that never opens, or never closes,
 *   because of a typo looks just like one that works, until the night on which it is needed
 */
export function withDefaults(options: BreakerOptions): Required<BreakerOptions> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const all: Required<BreakerOptions> = { ...DEFAULTS, ...Object.fromEntries(given) }
  checkOptions(all, RULES)
  const atLeastBreakMs: Rule = [(value) => value >= all.breakMs, `at least breakMs, which is ${all.breakMs}`]
  checkOptions(all, { maxBreakMs: atLeastBreakMs })
  return all
}
