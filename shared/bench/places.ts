/*
 * Does the limit of chapter 08 find how many there should be inside? The chapter's own door and limit, before a process whose
 * work is some time of its one processor, in line, and then a wait for somebody else. In virtual time, seeded. Takes half a
 * minute:
 *
 *     npm run bench places
 */
import { Door } from '#chapters/08-load-shedding/door.ts'
import { AimdLimit } from '#chapters/08-load-shedding/limit.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { atRandom, openLoop } from '../stage/open-loop.ts'
import { plot } from '../stage/plot.ts'
import { percent } from '../stage/table.ts'
import { inVirtualTime } from '../stage/virtual-time.ts'
import { report } from './report.ts'
import { median } from './rounds.ts'

const SEED = 8
const CPU_MS = 2
const BACKEND_MS = 50
/** A loop that is later than that is late. */
const LATE_MS = 20
const MAX = 1000
const END_S = 40
const SAMPLE_MS = 100

interface Scenario {
  name: string
  initial: number
  /** Of what the processor can do, to begin with. */
  load: number
  /** Milliseconds of the processor for a visit that begins at that second. */
  cpuMs?: (atS: number, random: Random) => number
  /** Milliseconds of waiting. */
  backendMs?: (random: Random) => number
  /** Milliseconds of a visit from which on it is late, in place of the loop. */
  byLatency?: number
}

interface Run {
  places: number[]
  /** By the second. */
  served: number[]
  offered: number
  total: number
  /** Inside at any moment. */
  most: number
}

async function simulate({
  initial,
  load,
  cpuMs = () => CPU_MS,
  backendMs = () => BACKEND_MS,
  byLatency,
}: Scenario): Promise<Run> {
  const random = seededRandom(SEED)
  const startedAt = performance.now()
  const atMs = () => performance.now() - startedAt
  let freeAt = 0
  const lateMs = () => Math.max(0, freeAt - performance.now())
  const isLate = byLatency === undefined ? () => lateMs() > LATE_MS : ({ ms }: { ms: number }) => ms > byLatency
  // Time stands still while the loop turns: here, its turns are no measure of anything.
  const door = new Door({ limit: new AimdLimit({ max: MAX, initial, isLate }), perTurn: Infinity, random })
  const run: Run = { places: [], served: Array<number>(END_S).fill(0), offered: 0, total: 0, most: 0 }
  const customer = async () => {
    run.offered++
    try {
      const pass = await door.enter()
      run.most = Math.max(run.most, door.inside)
      freeAt = Math.max(freeAt, performance.now()) + cpuMs(atMs() / 1000, random)
      await sleep(lateMs())
      await sleep(backendMs(random))
      pass.leave()
      run.total++
      const second = Math.floor(atMs() / 1000)
      if (second < END_S) run.served[second]!++
    } catch {
      // Refused: that is what a door is for.
    }
  }
  const all: Promise<void>[] = []
  const sampling = (async () => {
    for (; atMs() < 1000 * END_S; await sleep(SAMPLE_MS)) run.places.push(door.places)
  })()
  const gap = atRandom((1000 * load) / CPU_MS, random)
  await openLoop({ gap, ms: 1000 * END_S }, () => void all.push(customer()))
  await Promise.all([...all, sampling])
  return run
}

/** Nothing is left to do in any phase of the loop; places are handed over in the last of them. */
const { setImmediate } = globalThis
const atRest = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))

const exponential = (mean: number, random: Random) => -Math.log(1 - random()) * mean
const HALF_AT_S = END_S / 2
const scenarios = {
  fromOne: { name: 'from 1', initial: 1, load: 2 },
  fromMany: { name: 'from 1,000', initial: MAX, load: 2 },
  halved: {
    name: `half of the processor from ${HALF_AT_S} s on`,
    initial: 40,
    load: 2,
    cpuMs: (atS) => (atS < HALF_AT_S ? CPU_MS : 2 * CPU_MS),
  },
  noise: {
    name: 'noise: work of exponential length',
    initial: 40,
    load: 2,
    cpuMs: (_atS, random) => exponential(CPU_MS, random),
  },
  tail: {
    name: 'a long tail: one wait in fifty takes a second',
    initial: 40,
    load: 2,
    backendMs: (random) => (random() < 0.02 ? 1000 : BACKEND_MS),
  },
  idle: { name: 'a fifth of the customers', initial: 20, load: 0.2 },
  slow: {
    name: 'waits eight times as long, nothing overloaded',
    initial: 400,
    load: 0.8,
    backendMs: () => 8 * BACKEND_MS,
  },
  slowByLatency: {
    name: 'the same, by latency',
    initial: 400,
    load: 0.8,
    backendMs: () => 8 * BACKEND_MS,
    byLatency: 3 * BACKEND_MS,
  },
} satisfies Record<string, Scenario>

type Name = keyof typeof scenarios

/** Where it stays, from one second to another. */
const levelOf = ({ places }: Run, fromS: number, toS: number) =>
  median(places.slice((1000 * fromS) / SAMPLE_MS, (1000 * toS) / SAMPLE_MS))

/** Seconds until it is within a fifth of where it stays. */
function foundAfterS(run: Run, fromS: number, level: number): number {
  const from = (1000 * fromS) / SAMPLE_MS
  const index = run.places.slice(from).findIndex((places) => Math.abs(places - level) <= level / 5)
  return index < 0 ? Infinity : (index * SAMPLE_MS) / 1000
}

async function main(): Promise<void> {
  const runs = {} as Record<Name, Run>
  for (const name of Object.keys(scenarios) as Name[])
    runs[name] = await inVirtualTime(() => simulate(scenarios[name]), atRest)

  const capacity = 1000 / CPU_MS
  const goodput = ({ served }: Run, fromS: number, toS: number, of = capacity) =>
    served.slice(fromS, toS).reduce((sum, count) => sum + count, 0) / (toS - fromS) / of
  const level = levelOf(runs.fromOne, HALF_AT_S, END_S)
  const halfLevel = levelOf(runs.halved, END_S - 10, END_S)
  const found = {
    fromOneS: foundAfterS(runs.fromOne, 0, level),
    fromManyS: foundAfterS(runs.fromMany, 0, level),
    halvedS: foundAfterS(runs.halved, HALF_AT_S, halfLevel),
  }
  const noise = goodput(runs.noise, 10, END_S)
  const tail = goodput(runs.tail, 10, END_S)
  const halved = goodput(runs.halved, HALF_AT_S + 10, END_S, capacity / 2)
  const idle = Math.max(...runs.idle.places)
  const servedShare = ({ total, offered }: Run) => total / offered
  const whole = (count: number) => String(Math.round(count))
  const points = ({ places }: Run) =>
    places
      .map((count, i): [number, number] => [(i * SAMPLE_MS) / 1000, Math.max(1, count)])
      .filter((_, i) => i % 2 === 0)
  const seconds = { label: 's', ticks: [0, 10, 20, 30, 40] }

  report('places', {
    title: 'How many there should be inside',
    about:
      `Chapter 08’s door and \`AimdLimit\`: a visit takes ${CPU_MS} ms of the one processor, in line, and then waits for ` +
      `${BACKEND_MS}; late is whoever ends while the line is longer than ${LATE_MS} ms. Twice as many customers as it can serve, at ` +
      'random, unless it says more. Its level is the median of the second half; it is found when it is within a fifth of it.',
    virtual: true,
    figures: {
      level,
      halfLevel,
      ...found,
      noise,
      tail,
      idle,
      slow: servedShare(runs.slow),
      slowByLatency: servedShare(runs.slowByLatency),
    },
    tables: [
      {
        caption: 'Places, and what is served, as a share of what the processor can do or of who came, if that is less',
        rows: [
          ['', 'places at the end', 'found after, s', 'served'],
          [scenarios.fromOne.name, whole(level), found.fromOneS, percent(goodput(runs.fromOne, 10, END_S), 0)],
          [
            scenarios.fromMany.name,
            whole(levelOf(runs.fromMany, HALF_AT_S, END_S)),
            found.fromManyS,
            percent(goodput(runs.fromMany, 10, END_S), 0),
          ],
          [scenarios.halved.name, whole(halfLevel), found.halvedS, percent(halved, 0)],
          [scenarios.noise.name, whole(levelOf(runs.noise, HALF_AT_S, END_S)), '', percent(noise, 0)],
          [scenarios.tail.name, whole(levelOf(runs.tail, HALF_AT_S, END_S)), '', percent(tail, 0)],
          [scenarios.idle.name, whole(idle), '', percent(servedShare(runs.idle), 0)],
          [scenarios.slow.name, whole(levelOf(runs.slow, HALF_AT_S, END_S)), '', percent(servedShare(runs.slow), 0)],
          [
            scenarios.slowByLatency.name,
            whole(levelOf(runs.slowByLatency, HALF_AT_S, END_S)),
            '',
            percent(servedShare(runs.slowByLatency), 0),
          ],
        ],
      },
    ],
    claims: [
      { claim: 'from 1 it finds its level within 10 s', holds: found.fromOneS <= 10 },
      { claim: 'from 1,000 it finds its level within 10 s', holds: found.fromManyS <= 10 },
      { claim: 'when the capacity halves it follows within 10 s', holds: found.halvedS <= 10 && halved >= 0.9 },
      { claim: 'noise does not wither it: nine tenths are served', holds: noise >= 0.9 },
      { claim: 'a long tail does not wither it: nine tenths are served', holds: tail >= 0.9 },
      {
        claim: 'when few come, it does not grow beyond twice as many as there ever were',
        holds: idle <= 2 * runs.idle.most,
      },
      { claim: 'a slow backend is no reason to refuse anybody', holds: servedShare(runs.slow) >= 0.99 },
    ],
    plots: {
      places: plot({
        title: 'Places, by where they began',
        x: seconds,
        y: { label: 'places', ticks: [1, 10, 100, 1000], log: true },
        series: [
          { label: 'from 1', points: points(runs.fromOne) },
          { label: 'from 1,000', points: points(runs.fromMany) },
        ],
      }),
      'places-moved': plot({
        title: 'Half of the processor from 20 s on; noise; a long tail; nobody there',
        x: seconds,
        y: { label: 'places', ticks: [0, 20, 40, 60, 80] },
        series: [
          { label: 'half', points: points(runs.halved) },
          { label: 'noise', points: points(runs.noise) },
          { label: 'tail', points: points(runs.tail) },
          { label: 'idle', points: points(runs.idle) },
        ],
      }),
    },
  })
}

await main()
