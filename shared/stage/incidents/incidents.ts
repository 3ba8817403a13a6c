import type { FaultAt } from '../scenarios.ts'
import { scenarios } from '../scenarios.ts'

/** Something that goes wrong, in seconds from the beginning of the fault phase. */
export interface Act {
  fromS: number
  /** When it is mended; a restart is over when it is over. */
  toS: number
  what: { faults: FaultAt[] } | { restart: true }
}

/** A script: the traffic settles, a baseline is taken, things go wrong, and the recovery is watched. */
export interface Incident {
  /** Its chapter's number, or `finale`. */
  id: string
  title: string
  settleS: number
  baselineS: number
  /** The length of the fault phase; it goes on until every act is over. */
  faultS: number
  recoveryS: number
  acts: Act[]
}

/** Arrivals a second for each side: enough for a p99 after some seconds, little enough for two cores. */
export const PER_SECOND = 40

/** A process that has just started is slow: the share of the settling in which a quarter of the customers come. */
export const GENTLE_SHARE = 0.4

/** In the end, a hundred samples from each carrier are there: without them, a hedge does not know what late is. */
const SETTLE_S = 5

const USUAL = { settleS: SETTLE_S, baselineS: 5, faultS: 8, recoveryS: 6 }

/** The faults of the Lab's scenario. */
const faultsOf = (id: string): FaultAt[] => scenarios.find((scenario) => scenario.id === id)!.faults!

/** Longer than Parcel waits for an attempt, shorter than a customer would: naive code goes through with it each time. */
const SLOW: FaultAt[] = [{ carrier: 'pelican', fault: { kind: 'slow-headers', delayMs: 400 } }]

const act = (faults: FaultAt[], fromS = 0, toS = USUAL.faultS): Act => ({ fromS, toS, what: { faults } })
const restart = (fromS: number): Act => ({ fromS, toS: fromS, what: { restart: true } })

export const incidents: Incident[] = [
  { id: '01', title: 'A carrier hangs', ...USUAL, acts: [act(faultsOf('hang'))] },
  // The second begins when the first is over.
  { id: '02', title: 'A deploy under load', ...USUAL, recoveryS: 3, acts: [restart(0), restart(0)] },
  { id: '03', title: 'A flaky carrier', ...USUAL, acts: [act(faultsOf('flaky'))] },
  { id: '04', title: 'A dead carrier', ...USUAL, acts: [act(faultsOf('dead'))] },
  { id: '05', title: 'One slow carrier of five', ...USUAL, acts: [act(SLOW)] },
  // Nothing breaks: the tail is what the carriers are like, on their best days.
  { id: '06', title: 'A long tail', settleS: SETTLE_S, baselineS: 0, faultS: 15, recoveryS: 0, acts: [] },
  {
    id: 'finale',
    title: 'All of it, one into the other',
    ...USUAL,
    faultS: 22,
    acts: [
      act(faultsOf('hang'), 0, 6),
      restart(4),
      act(faultsOf('flaky'), 8, 14),
      act(faultsOf('dead'), 12, 18),
      act(SLOW, 16, 22),
    ],
  },
]

/** About, without what the machine takes to start the processes. */
export const secondsOf = ({ settleS, baselineS, faultS, recoveryS }: Incident): number =>
  settleS + baselineS + faultS + recoveryS
