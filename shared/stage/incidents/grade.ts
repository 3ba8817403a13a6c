import { latencies } from '../../core/percentiles.ts'
import { ORDERED_FROM } from './incidents.ts'
import { type Bound, type NumberName, linesOf } from './lines.ts'

/** A request of the customers', in seconds from the beginning of the traffic. */
export interface Request {
  dueS: number
  /** From when it was due until it ended, or until nobody waited for it any more. */
  tookMs: number
  /** `partial` is a 200 in which a carrier is missing. */
  outcome: 'full' | 'partial' | 'failed'
}

/** From, to: in seconds from the beginning of the traffic. */
export type Span = [fromS: number, toS: number]

export interface Phases {
  baseline: Span
  fault: Span
  recovery: Span
}

/** What one side went through in one incident. */
export interface Recording {
  requests: Request[]
  /** Requests that arrived at each carrier in the fault phase, by the carriers' own count. */
  arrived: Record<string, number>
  /** Of the whole incident, by Parcel's metrics. */
  attempts: number
  hedges: number
  /** To the greedy customer, if there was one. */
  greedyServed?: number
  /** Of whoever uploads, if there was one. */
  scans?: { sent: number; written: number }
  /** Of a shop's orders, if there were any. */
  lostOrders?: number
  /** When some of them were seen not to be booked yet for the last time, in seconds from the beginning of the traffic. */
  owedUntilS?: number
  /** What its Parcel has died of, in lines, if it has. */
  crash?: string[]
}

export type Figures = Record<NumberName, number>

export interface Grade {
  name: NumberName
  value: number
  bound: Bound
  holds: boolean
}

/** Seconds that are looked at together: with fewer, p99 is whichever request was the slowest. */
const WINDOW_S = 3
/** One attempt that times out, and the next: the carriers' own tail does that on the best of days. */
const LEAST_P99_MS = 300
const LAST_S = 5
const WORSE = 1.5
/** Somebody looks each second, and a moment more. */
const LOOK_S = 1.5

const during = (requests: Request[], [fromS, toS]: Span) => requests.filter(({ dueS }) => dueS >= fromS && dueS < toS)
const share = (requests: Request[], outcomes: Request['outcome'][]) =>
  requests.length === 0 ? 0 : requests.filter(({ outcome }) => outcomes.includes(outcome)).length / requests.length

export function percentileOf(requests: Request[], percent: number): number {
  const histogram = latencies()
  for (const { tookMs } of requests) histogram.record(tookMs)
  return histogram.percentile(percent)
}

/** Every number, whether there is a line for it or not. Failures count in latencies with the time until they failed. */
export function figuresOf(
  { requests, arrived, attempts, hedges, greedyServed = 0, scans, lostOrders = 0, owedUntilS = 0 }: Recording,
  phases: Phases,
): Figures {
  const asked = during(requests, phases.fault)
  const [, untilS] = phases.fault
  return {
    success: share(asked, ['full', 'partial']),
    full: share(asked, ['full']),
    after: share(during(requests, [untilS - LAST_S, untilS]), ['full', 'partial']),
    p50Ms: percentileOf(asked, 50),
    p99Ms: percentileOf(asked, 99),
    amplification: asked.length === 0 ? 0 : Math.max(0, ...Object.values(arrived)) / asked.length,
    extraLoad: attempts === hedges ? 0 : hedges / (attempts - hedges),
    failed: asked.filter(({ outcome }) => outcome === 'failed').length,
    recoveryS: recoveryOf(requests, phases),
    greedy: greedyServed,
    written: scans && scans.sent > 0 ? scans.written / scans.sent : 1,
    lost: lostOrders,
    asked: arrived[ORDERED_FROM] ?? 0,
    owedS: debtOf(owedUntilS, phases),
  }
}

/** Whole seconds from the end of the fault until nothing is owed; `Infinity` when that was not seen. */
const debtOf = (untilS: number, { fault: [, fromS], recovery: [, toS] }: Phases): number =>
  untilS > toS - LOOK_S ? Infinity : Math.max(0, Math.ceil(untilS - fromS))

/**
 * Whole seconds from the end of the fault until, for three seconds, no more than 1.5 times the baseline's share of
 * requests fails (or 1 in 100), and p99 is no more than 1.5 times the baseline's; `Infinity` when that was not seen.
 */
export function recoveryOf(requests: Request[], { baseline, recovery: [fromS, toS] }: Phases): number {
  const before = during(requests, baseline)
  const failuresAtMost = Math.max(0.01, WORSE * share(before, ['failed']))
  const p99AtMost = Math.max(LEAST_P99_MS, WORSE * percentileOf(before, 99))
  for (let afterS = 0; fromS + afterS + WINDOW_S <= toS; afterS++) {
    const now = during(requests, [fromS + afterS, fromS + afterS + WINDOW_S])
    const isBack = share(now, ['failed']) <= failuresAtMost && percentileOf(now, 99) <= p99AtMost
    if (now.length > 0 && isBack) return afterS
  }
  return Infinity
}

/** Each number for which the incident has a line. */
export function gradesOf(incident: string, figures: Figures): Grade[] {
  return linesOf(incident).map(([name, bound]) => {
    const value = figures[name]
    const holds = 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost
    return { name, value, bound, holds }
  })
}
