import { type FaultAt, type Incident, incidents, type Traffic } from './incidents.ts'
import { allBut, NONE, type Solved } from '../solved.ts'

/** Something that goes wrong, in seconds from the beginning of the fault phase. */
export interface Act {
  fromS: number
  /** When it is mended; a restart is over when it is over, and so is a kill. */
  toS: number
  what: { faults: FaultAt[] } | { restart: true } | { kill: true } | { traffic: Traffic } | { rush: number }
}

/** An incident by the clock: the traffic settles, a baseline is taken, things go wrong, and the recovery is watched. */
export interface Script extends Pick<Incident, 'title' | 'traffic' | 'env'> {
  /** Its chapter's number, or `finale`. */
  id: string
  settleS: number
  baselineS: number
  /** The length of the fault phase; it goes on until every act is over. */
  faultS: number
  recoveryS: number
  acts: Act[]
}

/** A process that has just started is slow: the share of the settling in which a quarter of the customers come. */
export const GENTLE_SHARE = 0.4

/** In the end, a hundred samples from each carrier are there: without them, a hedge does not know what late is. */
const SETTLE_S = 5

const FAULT_S = 8
/** Longer than what recovers takes for it: what is cut off cannot be told from what never ends. */
const RECOVERY_S = 9

/** Before a rush, so that it is known what the carriers are like; and with the rush, and ten seconds to get over it. */
const CALM_S = 3
const AFTER_RUSH_S = CALM_S + 15

/** From one kill to the next: to start two Parcels at once takes some seconds of two cores. */
const LIFE_S = 6
/** Longer than what was promised may take to be booked. */
const DELIVERY_S = 14

const act = (faults: FaultAt[], fromS = 0, toS = FAULT_S): Act => ({ fromS, toS, what: { faults } })
const restart = (fromS: number): Act => ({ fromS, toS: fromS, what: { restart: true } })
const kill = (fromS: number): Act => ({ fromS, toS: fromS, what: { kill: true } })

function scriptOf({ chapter, title, traffic, env, faults, restart: restarts, kills }: Incident): Script {
  const usual = {
    id: chapter,
    title,
    traffic,
    env,
    settleS: SETTLE_S,
    baselineS: 5,
    faultS: FAULT_S,
    recoveryS: RECOVERY_S,
  }
  // The second begins when the first is over.
  if (restarts) return { ...usual, recoveryS: 3, acts: [restart(0), restart(0)] }
  if (traffic.rush) {
    const rush = { fromS: CALM_S, toS: CALM_S, what: { rush: traffic.rush } }
    return { ...usual, faultS: AFTER_RUSH_S, recoveryS: 0, acts: [act(faults, 0, AFTER_RUSH_S), rush] }
  }
  if (kills) {
    const faultS = (kills + 0.5) * LIFE_S
    const all = Array.from({ length: kills }, (_, i): Act => kill((i + 0.5) * LIFE_S))
    const acts = [act(faults, 0, faultS), { fromS: 0, toS: faultS, what: { traffic } }, ...all]
    return { ...usual, baselineS: 0, faultS, recoveryS: DELIVERY_S, acts }
  }
  const acts = faults.length > 0 ? [act(faults)] : []
  if (traffic.greedyPerSecond || traffic.sheet || traffic.scans)
    acts.push({ fromS: 0, toS: FAULT_S, what: { traffic } })
  if (acts.length > 0) return { ...usual, acts }
  return { ...usual, baselineS: 0, faultS: 15, recoveryS: 0, acts: [] }
}

const fault = (carrier: FaultAt['carrier'], fault: FaultAt['fault']): FaultAt => ({ carrier, fault })

/** Each overlaps the next, and the environment is what one would deploy. */
const finale: Script = {
  id: 'finale',
  title: 'All of it, one into the other',
  traffic: { perSecond: 40 },
  settleS: SETTLE_S,
  baselineS: 5,
  faultS: 22,
  recoveryS: RECOVERY_S,
  acts: [
    act([fault('pigeon', { kind: 'blackhole' })], 0, 6),
    restart(4),
    act([fault('swift', { kind: '5xx', rate: 0.5 }), fault('kestrel', { kind: '429', retryAfterS: 5 })], 8, 14),
    act([fault('albatross', { kind: 'slow-headers', delayMs: 3000 })], 12, 18),
    act([fault('pelican', { kind: 'slow-headers', delayMs: 400 })], 16, 22),
  ],
}

export const scripts: Script[] = [...incidents.map(scriptOf), finale]

/** With this the chapter is alone on trial, all others being solved; in the finale, everything is. */
export const onTrial = ({ id }: Script): Solved => (id === finale.id ? NONE : allBut(id))

/** About, without what the machine takes to start the processes. */
export const secondsOf = ({ settleS, baselineS, faultS, recoveryS }: Script): number =>
  settleS + baselineS + faultS + recoveryS
