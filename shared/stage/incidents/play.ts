import { sleep } from '../../core/sleep.ts'
import { Arrivals } from '../arrivals.ts'
import { LoopDelay, SATURATED_MS } from '../loop-delay.ts'
import { Side } from '../side.ts'
import { ALL, NONE } from '../solved.ts'
import type { Side as SideName } from '../column.ts'
import type { Phases, Recording, Span } from './grade.ts'
import { GENTLE_SHARE, type Incident, PER_SECOND } from './incidents.ts'
import { arrivedAt, lastAnswers, NoVerdict, perform, startParcel } from './subject.ts'

/** What came of an incident. */
export interface Played {
  incident: Incident
  phases: Phases
  sides: Partial<Record<SideName, Recording>>
  /** How late the generator was: the median, over the seconds, of its event loop's p99. */
  delayMs: number
  /** The machine had too much to do: the figures are about it. */
  saturated: boolean
}

export interface PlayOptions {
  sides: SideName[]
  seed: number
  onPhase?: (phase: string) => void
}

const TICK_MS = 1000

/**
 * Plays an incident on fresh sides, all at once and with the same arrivals; none of it is left when this settles.
 * @throws Trouble when a Parcel does not start, NoVerdict when something else fails that the incident needs
 */
export async function play(incident: Incident, { sides: names, seed, onPhase = () => {} }: PlayOptions) {
  onPhase('starting')
  const over = new AbortController()
  const onDeath = ({ message }: Error) => over.abort(new NoVerdict(message))
  const started = await Promise.allSettled(
    names.map((name) => Side.start({ solved: name === 'reference' ? ALL : NONE, seed, port: 0, onDeath })),
  )
  const sides = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  try {
    for (const each of started) if (each.status === 'rejected') throw new NoVerdict(each.reason.message)
    await Promise.all(sides.map((side, i) => startParcel(side, names[i]!)))
    return await run(incident, sides, { sides: names, seed, onPhase }, over)
  } finally {
    await Promise.all(sides.map((side) => side.close()))
  }
}

async function run(
  incident: Incident,
  sides: Side[],
  { sides: names, seed, onPhase }: Required<PlayOptions>,
  over: AbortController,
): Promise<Played> {
  const recordings = sides.map((): Recording => ({ requests: [], arrived: {}, attempts: 0, hedges: 0 }))
  const startedAt = performance.now()
  const nowS = () => (performance.now() - startedAt) / 1000
  for (const [i, { customers }] of sides.entries()) {
    customers.ledger.onEnded = ({ dueAt, tookMs, failure, missing }) => {
      const outcome = failure ? 'failed' : missing.length > 0 ? 'partial' : 'full'
      recordings[i]!.requests.push({ dueS: (dueAt - startedAt) / 1000, tookMs, outcome })
    }
  }
  const delay = new LoopDelay()
  const delays: number[] = []
  const { signal } = over
  const ticking = tick(signal, async () => {
    delays.push(delay.p99Ms)
    const states = await Promise.all(sides.map((side) => side.state()))
    for (const [i, { carriers, parcel }] of states.entries()) {
      if (parcel.status === 'crashed') recordings[i]!.crash = parcel.error
      for (const { attempts, hedges } of carriers) {
        recordings[i]!.attempts += attempts
        recordings[i]!.hedges += hedges
      }
    }
  })
  const arrivals = new Arrivals({ perSecond: PER_SECOND / 4, paused: false, seed }, (path, dueAt) => {
    for (const { customers } of sides) customers.arrive(path, dueAt)
  })
  const phase = async (name: string, work: Promise<unknown>): Promise<Span> => {
    const fromS = nowS()
    onPhase(name)
    await work
    return [fromS, nowS()]
  }

  try {
    arrivals.go()
    const settle = async () => {
      await sleep(incident.settleS * GENTLE_SHARE * 1000, signal)
      arrivals.go({ perSecond: PER_SECOND })
      await sleep(incident.settleS * (1 - GENTLE_SHARE) * 1000, signal)
    }
    await phase('settling', settle())
    const baseline = await phase('baseline', sleep(incident.baselineS * 1000, signal))
    const before = await Promise.all(sides.map(arrivedAt))
    const acts = Promise.all(sides.map((side) => perform(incident.acts, side, signal)))
    const fault = await phase('fault', Promise.all([sleep(incident.faultS * 1000, signal), acts]))
    const after = await Promise.all(sides.map(arrivedAt))
    const recovery = await phase('recovery', sleep(incident.recoveryS * 1000, signal))
    arrivals.stop()
    await Promise.all(sides.map(lastAnswers))

    for (const [i, recording] of recordings.entries()) {
      const arrived = Object.entries(after[i]!).map(([name, count]) => [name, count - before[i]![name]!])
      recording.arrived = Object.fromEntries(arrived)
    }
    const delayMs = median(delays)
    return {
      incident,
      phases: { baseline, fault, recovery },
      sides: Object.fromEntries(names.map((name, i) => [name, recordings[i]!])),
      delayMs,
      saturated: delayMs > SATURATED_MS,
    }
  } finally {
    arrivals.stop()
    delay.stop()
    over.abort()
    await ticking
  }
}

async function tick(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await sleep(TICK_MS, signal).catch(() => {})
    if (!signal.aborted) await work()
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
