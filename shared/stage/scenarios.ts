import type { CarrierName, Fault } from '../carriers/fleet.ts'

export interface FaultAt {
  carrier: CarrierName
  fault: Fault | null
  /** Both, unless it says which. */
  replica?: number
}

/** A chapter's incident, set up in one click from a healthy state. */
export interface Scenario {
  id: string
  /** Its number, as in `01`. */
  chapter: string
  title: string
  /** What to look at, in a sentence that one can read aloud. */
  look: string
  /** Arrivals a second for each side. */
  perSecond: number
  faults?: { carrier: CarrierName; fault: Fault; replica?: number }[]
  restart?: true
}

export const DEFAULT_PER_SECOND = 20

export const scenarios: Scenario[] = [
  {
    id: 'hang',
    chapter: '01',
    title: 'A carrier hangs',
    look: 'On the left everything waits for pigeon, until the customers give up after ten seconds. On the right pigeon is missing, and nothing else.',
    perSecond: DEFAULT_PER_SECOND,
    faults: [{ carrier: 'pigeon', fault: { kind: 'blackhole' } }],
  },
  {
    id: 'deploy',
    chapter: '02',
    title: 'A deploy under load',
    look: 'Failed during the restart: some on the left, none on the right, where the old Parcel goes on until the balancer has noticed.',
    perSecond: 40,
    restart: true,
  },
  {
    id: 'flaky',
    chapter: '03',
    title: 'A flaky carrier',
    look: 'Half of swift’s answers fail, kestrel says "not for 5 s". The left asks kestrel three times a quote; the right leaves both alone, but for probes.',
    perSecond: DEFAULT_PER_SECOND,
    faults: [
      { carrier: 'swift', fault: { kind: '5xx', rate: 0.5 } },
      { carrier: 'kestrel', fault: { kind: '429', retryAfterS: 5 } },
    ],
  },
  {
    id: 'dead',
    chapter: '04',
    title: 'A dead carrier',
    look: 'On the right the breakers of albatross open, and nobody waits for it any more. On the left every customer finds out anew.',
    perSecond: DEFAULT_PER_SECOND,
    faults: [{ carrier: 'albatross', fault: { kind: 'slow-headers', delayMs: 3000 } }],
  },
  {
    id: 'slow',
    chapter: '05',
    title: 'Everybody is a little slow',
    look: 'Each carrier takes 150 ms more. The left asks one after the other, so p50 is the sum of five; on the right it is the slowest of them.',
    perSecond: DEFAULT_PER_SECOND,
    faults: (['albatross', 'kestrel', 'pelican', 'pigeon', 'swift'] as const).map((carrier) => ({
      carrier,
      fault: { kind: 'slow-headers', delayMs: 150 },
    })),
  },
  {
    id: 'tail',
    chapter: '06',
    title: 'A long tail',
    look: 'Nothing is broken: one call in a hundred takes 800 ms, a quote makes five. See p99 on the left; on the right, one call more in twenty buys it back.',
    perSecond: 40,
  },
]
