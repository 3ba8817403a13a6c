import { sleep } from '../../core/sleep.ts'
import { Arrivals } from '../arrivals.ts'
import { LoopDelay, SATURATED_MS } from '../loop-delay.ts'
import { Side, type World } from '../side.ts'
import type { Side as SideName } from '../column.ts'
import type { Phases, Recording, Span } from './grade.ts'
import { GENTLE_SHARE, type Script } from './scripts.ts'
import type { Solved } from '../solved.ts'
import { arrivedAt, lastAnswers, lostOrders, NoVerdict, perform, startParcel } from './subject.ts'

/** What came of an incident, for each of those who went through it. */
export interface Played<K extends string = SideName> {
  script: Script
  phases: Phases
  sides: Partial<Record<K, Recording>>
  /** How late the generator was: the median, over the seconds, of its event loop's p99. */
  delayMs: number
  /** The machine had too much to do: the figures are about it. */
  saturated: boolean
}

export interface PlayOptions<K extends string> {
  /** By a name for each, the chapters that its Parcel has solved. */
  sides: Partial<Record<K, Solved>>
  seed: number
  onPhase?: (phase: string) => void
  /** Default: processes. */
  world?: World
}

const TICK_MS = 1000

/**
 * Plays an incident on fresh sides, all at once and with the same arrivals; none of it is left when this settles.
 * @throws Trouble when a Parcel does not start, NoVerdict when something else fails that the incident needs
 */
export async function play<K extends string>(
  script: Script,
  { sides: solved, seed, onPhase = () => {}, world }: PlayOptions<K>,
): Promise<Played<K>> {
  onPhase('starting')
  const names = Object.keys(solved) as K[]
  const { env } = script
  const over = new AbortController()
  const onDeath = ({ message }: Error) => over.abort(new NoVerdict(message))
  const started = await Promise.allSettled(
    names.map((name) => Side.start({ setup: { solved: solved[name]!, env }, seed, port: 0, onDeath, world })),
  )
  const sides = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  try {
    for (const each of started) if (each.status === 'rejected') throw new NoVerdict(each.reason.message)
    await Promise.all(sides.map((side, i) => startParcel(side, names[i]!)))
    const { phases, recordings, delayMs } = await run(script, sides, { seed, onPhase }, over)
    const byName = Object.fromEntries(names.map((name, i) => [name, recordings[i]!])) as Record<K, Recording>
    return { script, phases, sides: byName, delayMs, saturated: delayMs > SATURATED_MS }
  } finally {
    await Promise.all(sides.map((side) => side.close()))
  }
}

async function run(
  { traffic, settleS, baselineS, faultS, recoveryS, acts }: Script,
  sides: Side[],
  { seed, onPhase }: Required<Omit<PlayOptions<string>, 'sides' | 'world'>>,
  over: AbortController,
) {
  const recordings = sides.map((): Recording => ({ requests: [], arrived: {}, attempts: 0, hedges: 0 }))
  const { perSecond } = traffic
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
    for (const [i, { carriers, parcel, orders }] of states.entries()) {
      if (parcel.status === 'crashed') recordings[i]!.crash = parcel.error
      if (orders && (orders.owed > 0 || orders.booked < orders.promised)) recordings[i]!.owedUntilS = nowS()
      for (const { attempts, hedges } of carriers) {
        recordings[i]!.attempts += attempts
        recordings[i]!.hedges += hedges
      }
    }
  })
  const arrivals = new Arrivals(
    { ...traffic, perSecond: perSecond / 4, paused: false, seed },
    (path, dueAt, number) => {
      for (const side of sides) side.arrive(path, dueAt, traffic, number)
    },
  )
  const phase = async (name: string, work: Promise<unknown>): Promise<Span> => {
    const fromS = nowS()
    onPhase(name)
    await work
    return [fromS, nowS()]
  }

  try {
    arrivals.go()
    const settle = async () => {
      await sleep(settleS * GENTLE_SHARE * 1000, signal)
      arrivals.go({ perSecond })
      await sleep(settleS * (1 - GENTLE_SHARE) * 1000, signal)
    }
    await phase('settling', settle())
    const baseline = await phase('baseline', sleep(baselineS * 1000, signal))
    const before = await Promise.all(sides.map(arrivedAt))
    for (const { fromS, what } of acts) {
      if ('rush' in what)
        void sleep(fromS * 1000, signal).then(
          () => arrivals.rush(what.rush),
          () => {},
        )
    }
    const performed = Promise.all(sides.map((side) => perform(acts, side, signal)))
    const fault = await phase('fault', Promise.all([sleep(faultS * 1000, signal), performed]))
    const after = await Promise.all(sides.map(arrivedAt))
    const recovery = await phase('recovery', sleep(recoveryS * 1000, signal))
    arrivals.stop()
    await Promise.all(sides.map(lastAnswers))

    for (const [i, recording] of recordings.entries()) {
      const arrived = Object.entries(after[i]!).map(([name, count]) => [name, count - before[i]![name]!])
      recording.arrived = Object.fromEntries(arrived)
      recording.greedyServed = sides[i]!.greedy.counts.served
      recording.scans = sides[i]!.upload.counts
      recording.lostOrders = await lostOrders(sides[i]!)
    }
    return { phases: { baseline, fault, recovery }, recordings, delayMs: median(delays) }
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
