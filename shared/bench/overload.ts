/*
 * Parcel with more customers than it can serve: what its door lets through, beside no door, and others; the price of a
 * refusal; a spike; a pause of the whole process, and a busy neighbour. The carriers are healthy, so no breaker may open.
 * Parcel has a core to itself, carriers and customers share another. Takes up to an hour:
 *
 *     npm run bench overload
 *
 * In pieces of two to twelve minutes, on a machine that one does not have for long: `node shared/bench/overload.ts --keep door`
 * measures one of them (`door`, five times, `others`, `spikes` and `troubles`, three times each, `prices`) and keeps it, `--kept`
 * reports on all that is kept.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { sleep } from '../core/sleep.ts'
import { root } from '../manifest/target.ts'
import { stack } from '../stage/plot.ts'
import { percent } from '../stage/table.ts'
import { PATIENT } from '../testing/patient.ts'
import { ask, type Asked, probe, saturate } from './overload-customers.ts'
import { breakersOpened, type Parcel, startBare, startCarriers, startParcel, type Subject } from './overload-servers.ts'
import { report } from './report.ts'
import { median } from './rounds.ts'
import { cores, cpuUs, pin, question, type Server, stopAll } from './servers.ts'

const QUOTES = '/quotes?from=Lisbon&to=Oslo&grams=1200'
const ROUNDS = 5
const SPIKE_ROUNDS = 3
const TROUBLE_ROUNDS = 3
/** With a connection each, V8 still compiles after fifteen. */
const WARM_MS = 20_000
/** Then more than it can do, for a while: an engine that compiles what it has never run would be measured instead of a door. */
const WARM_LOAD = 3
const WARM_LOAD_MS = 3000
/** From one second to the next it swings by a fifth, on a machine that does nothing else. */
const CAPACITY_MS = 3000
/** Where it was another one after a load than before it, nobody knows of what the load was a share: it is taken again. */
const SWING = 0.1
const TAKES = 4
const LOAD_MS = 5000
/** Until then, a queue is young, and whoever has come to it may wait for a burst's time: who is counted has come to one that stands. */
const FILLING_MS = 1500
const SETTLE_MS = 700
/**
 * Enough to keep a core busy, and few enough to be let in, also by one that is half as fast: 20 are 97 % busy, of 32 some are
 * refused, and of 48 more than half are. Where many are, what it can do seems less than it is, and each share of it more.
 */
const CUSTOMERS = 24
/** Of them, when what it can do is found out: at a tenth of an answer each, nothing that could be seen. */
const REFUSED = 0.01
const KEPT = 256
const LOADS = [1, 1.5, 2, 3] as const
const LINES: Record<number, number> = { 1: 0.9, 1.5: 0.85, 2: 0.8, 3: 0.7 }
const PROBES = ['/readyz', '/livez']
const PROBE_EVERY_MS = 100
const PROBE_MS = 100
const P99_MS = 250
const [SPIKE, SPIKE_MS, CALM, CALM_MS] = [3, 5000, 0.8, 7000]
/** What it can do swings: whoever answers so much of what is asked answers everybody. */
const FULL = 0.9
const SPIKES = [
  { subject: 'door', retry: false },
  { subject: 'door', retry: true },
  { subject: 'naive', retry: true },
] as const
const [PRICES, PRICE_MS] = [15, 500]
const PRICED = ['answerUs', 'refusalUs', 'bareUs'] as const
const [PAUSES, PAUSE_MS, PAUSE_EVERY_MS] = [4, 350, 1500]
/** What comes in such a pause has room before the door. */
const CALM_PER_SECOND = 200
/** More than that between the least and the most that it can do is the machine's doing. */
const STEADY = 1.25
/** Of a carrier's 200 ms: one that stands still for longer is not healthy. */
const UNHEALTHY_MS = 100

type Mode = 'each' | 'kept'

/** One load on one Parcel. */
interface Trial {
  subject: Subject
  mode: Mode
  load: number
  /** Complete answers a second in a closed loop, before and after, on average. */
  capacity: number
  /** How often it was taken, the last one counts. */
  takes: number
  /** Of those who found that out, the share whom it refused: what it can do is more, then. */
  refusedAtCapacity: number
  /** A second, by outcome. */
  complete: number
  partial: number
  late: number
  refused: number
  failed: number
  p99Ms: number
  lateProbes: number
  probes: number
  opened: number
  carriersLateMs: number
  /** Of processor time: an answer in the closed loop, and each of who got none in the load. */
  answerUs: number
  refusalUs: number
  /** Of the core that customers and carriers share, what they take: at 1, it is them that is measured. */
  othersBusy: number
}

interface Spike {
  subject: Subject
  retry: boolean
  capacity: number
  /** Complete answers, by the second in which they came. */
  answers: number[]
  opened: number
}

interface Price {
  mode: Mode
  answerUs: number
  refusalUs: number
  /** Of a server on bare sockets, which refuses all and does not look at what it is asked. */
  bareUs: number
}

interface Trouble {
  name: string
  complete: number
  offered: number
  opened: number
  lateProbes: number
  probes: number
  carriersLateMs: number
}

interface Kept {
  trials: Trial[]
  spikes: Spike[]
  prices: Price[]
  troubles: Trouble[]
}

/** Capacity, what an answer costs at it, and the share that was refused. */
async function saturated(parcel: Server, mode: Mode, ms = CAPACITY_MS) {
  const before = await cpuUs(parcel)
  const startedAt = performance.now()
  const isKept = mode === 'kept'
  const { complete: perSecond, refused } = await saturate(parcel.address, QUOTES, { ms, customers: CUSTOMERS, isKept })
  const answers = (perSecond * (performance.now() - startedAt)) / 1000
  return { perSecond, us: ((await cpuUs(parcel)) - before) / answers, refused: refused / (perSecond + refused) }
}

async function watched<T>(parcel: Parcel, carriers: Server, work: () => Promise<T>) {
  const openedBefore = await breakersOpened(parcel)
  await question(carriers, 'delay')
  const over = new AbortController()
  const probing = Promise.all(PROBES.map((path) => probe(parcel.machines, path, PROBE_EVERY_MS, over.signal)))
  const others = async () => {
    const { user, system } = process.cpuUsage()
    return user + system + (await cpuUs(carriers))
  }
  const [startedAt, before, othersBefore] = [performance.now(), await cpuUs(parcel), await others()]
  const result = await work()
  const us = (await cpuUs(parcel)) - before
  const othersBusy = ((await others()) - othersBefore) / 1000 / (performance.now() - startedAt)
  over.abort()
  const probes = (await probing).flat()
  return {
    result,
    cpuUs: us,
    othersBusy,
    probes: probes.length,
    lateProbes: probes.filter((ms) => ms > PROBE_MS).length,
    opened: (await breakersOpened(parcel)) - openedBefore,
    carriersLateMs: await question(carriers, 'delay'),
  }
}

const complete = (asked: Asked[]) => asked.filter(({ outcome }) => outcome === 'complete')
const p99 = (asked: Asked[]) =>
  asked.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)[Math.floor(0.99 * asked.length)] ?? 0

const connectionsOf = (mode: Mode) => ({ connections: mode === 'kept' ? KEPT : undefined })

async function warm(subject: Subject, mode: Mode, carriers: Server): Promise<Parcel> {
  const parcel = await startParcel(subject, carriers)
  const { perSecond: capacity } = await saturated(parcel, mode, WARM_MS)
  await ask(parcel.address, QUOTES, { perSecond: () => WARM_LOAD * capacity, ms: WARM_LOAD_MS, ...connectionsOf(mode) })
  await sleep(SETTLE_MS)
  return parcel
}

/** All loads, one after the other, on one Parcel; its capacity is found in between. */
async function loads(subject: Subject, mode: Mode, carriers: Server): Promise<Trial[]> {
  const parcel = await warm(subject, mode, carriers)
  const trials: Trial[] = []
  let before = await saturated(parcel, mode)
  for (const load of LOADS)
    for (let takes = 1, isSteady = false; takes <= TAKES && !isSteady; takes++) {
      const perSecond = () => load * before.perSecond
      const crowd = { perSecond, ms: LOAD_MS, ...connectionsOf(mode) }
      const seen = await watched(parcel, carriers, () => ask(parcel.address, QUOTES, crowd))
      await sleep(SETTLE_MS)
      const after = await saturated(parcel, mode)
      isSteady = Math.abs(after.perSecond / before.perSecond - 1) <= SWING
      if (isSteady || takes === TAKES) trials.push({ subject, mode, load, takes, ...judged(seen, before, after) })
      before = after
    }
  parcel.child.kill()
  return trials
}

type Saturated = Awaited<ReturnType<typeof saturated>>
type Watched = Awaited<ReturnType<typeof watched<Asked[]>>>

function judged({ result: asked, cpuUs: us, ...seen }: Watched, before: Saturated, after: Saturated) {
  const answerUs = (before.us + after.us) / 2
  const unanswered = asked.filter(({ outcome }) => outcome === 'refused' || outcome === 'failed').length
  // By when they were over, and not by when they began: a queue that is still served afterwards is no goodput.
  const counted = asked.filter(({ dueMs, tookMs }) => dueMs + tookMs >= FILLING_MS && dueMs + tookMs < LOAD_MS)
  const of = (wanted: Asked['outcome']) =>
    (counted.filter(({ outcome }) => outcome === wanted).length * 1000) / (LOAD_MS - FILLING_MS)
  return {
    capacity: (before.perSecond + after.perSecond) / 2,
    refusedAtCapacity: Math.max(before.refused, after.refused),
    complete: of('complete'),
    partial: of('partial'),
    late: of('late'),
    refused: of('refused'),
    failed: of('failed'),
    p99Ms: p99(complete(counted)),
    answerUs,
    // A connection each costs a refusal as much as an answer: it is part of both.
    refusalUs: (us - (asked.length - unanswered) * answerUs) / unanswered,
    ...seen,
  }
}

async function spike(subject: Subject, retry: boolean, carriers: Server, of?: Spike): Promise<Spike> {
  const parcel = await warm(subject, 'each', carriers)
  const capacity = of?.capacity ?? (await saturated(parcel, 'each')).perSecond
  const perSecond = (atMs: number) => capacity * (atMs < SPIKE_MS ? SPIKE : CALM)
  const crowd = { perSecond, ms: SPIKE_MS + CALM_MS, retry }
  const { result: asked, opened } = await watched(parcel, carriers, () => ask(parcel.address, QUOTES, crowd))
  parcel.child.kill()
  const seconds = [...Array((SPIKE_MS + CALM_MS) / 1000).keys()]
  const within = (ms: number, second: number) => ms >= 1000 * second && ms < 1000 * (second + 1)
  return {
    subject,
    retry,
    capacity,
    opened,
    answers: seconds.map(
      (second) => complete(asked).filter(({ dueMs, tookMs }) => within(dueMs + tookMs, second)).length,
    ),
  }
}

/**
 * Beside each other, turn by turn: one that answers all, one whose only place is taken by somebody whose body does not come,
 * and what no refusal can be cheaper than.
 */
async function price(carriers: Server): Promise<Price[]> {
  // For as long as that body does not come; and as what is to be priced is whole answers.
  const patient = {
    ...PATIENT,
    BODY_CHUNK_MS: '80000',
    HANDLER_MS: '90000',
    REQUEST_MS: '95000',
    SHUTDOWN_MS: '99000',
  }
  const parcel = await startParcel('door', carriers, patient)
  const full = await startParcel('door', carriers, { ...patient, MAX_WAITING: '0', MAX_IN_FLIGHT: '1' })
  const bare = await startBare()
  const holder = connect(Number(new URL(full.address).port), '127.0.0.1')
  const headers = ['host: parcel', 'idempotency-key: held', 'content-type: application/json', 'content-length: 9']
  holder.write(['POST /shipments HTTP/1.1', ...headers, '', ''].join('\r\n'))
  const usOf = async (server: Server, what: 'complete' | 'refused', mode: Mode) => {
    const before = await cpuUs(server)
    const startedAt = performance.now()
    const closed = { ms: PRICE_MS, customers: CUSTOMERS, isKept: mode === 'kept' }
    const perSecond = await saturate(server.address, QUOTES, closed)
    const seconds = (performance.now() - startedAt) / 1000
    const share = perSecond[what] / (perSecond.complete + perSecond.refused)
    if (!(share > 0.95)) throw new Error(`${percent(share, 1)} were ${what}; nearly all should be`)
    return ((await cpuUs(server)) - before) / seconds / perSecond[what]
  }
  for (const isKept of [false, true])
    for (const { address } of [parcel, full, bare])
      await saturate(address, QUOTES, { ms: WARM_MS, customers: CUSTOMERS, isKept })
  const prices: Price[] = []
  for (let round = 0; round < PRICES; round++)
    for (const mode of ['each', 'kept'] as const) {
      const answerUs = await usOf(parcel, 'complete', mode)
      const refusalUs = await usOf(full, 'refused', mode)
      prices.push({ mode, answerUs, refusalUs, bareUs: await usOf(bare, 'refused', mode) })
    }
  holder.destroy()
  parcel.child.kill()
  full.child.kill()
  bare.child.kill()
  return prices
}

/** Busy loops, two for each processor, which end by themselves. */
function neighbours(ms: number): void {
  const program = `const until = Date.now() + ${ms}; while (Date.now() < until);`
  for (let i = 0; i < 2 * cores; i++) pin(spawn(process.execPath, ['-e', program], { stdio: 'ignore' }).pid!, i % cores)
}

/** As a virtual machine does that moves to another host, or a container that has used up its share of time. */
async function pauses({ child }: Server): Promise<void> {
  for (let i = 0; i < PAUSES; i++) {
    await sleep(PAUSE_EVERY_MS - PAUSE_MS)
    child.kill('SIGSTOP')
    await sleep(PAUSE_MS)
    child.kill('SIGCONT')
  }
}

const half = (capacity: number) => capacity / 2
const PAUSED = `and ${PAUSES} pauses of ${PAUSE_MS} ms`
const troubles: { name: string; perSecond: (capacity: number) => number; trouble: (parcel: Server) => unknown }[] = [
  { name: 'half, beside busy neighbours', perSecond: half, trouble: () => neighbours(PAUSES * PAUSE_EVERY_MS) },
  // Windows knows no SIGSTOP.
  ...(process.platform === 'win32'
    ? []
    : [
        { name: `${CALM_PER_SECOND} a second, ${PAUSED}`, perSecond: () => CALM_PER_SECOND, trouble: pauses },
        { name: `half, ${PAUSED}`, perSecond: half, trouble: pauses },
      ]),
]

async function troubled({ name, perSecond, trouble }: (typeof troubles)[number], carriers: Server): Promise<Trouble> {
  const parcel = await warm('door', 'kept', carriers)
  const { perSecond: capacity } = await saturated(parcel, 'kept')
  const ms = PAUSES * PAUSE_EVERY_MS
  const crowd = { perSecond: () => perSecond(capacity), ms, connections: KEPT }
  const {
    result: asked,
    cpuUs: _us,
    othersBusy: _share,
    ...seen
  } = await watched(parcel, carriers, async () => {
    const [asked] = await Promise.all([ask(parcel.address, QUOTES, crowd), trouble(parcel)])
    return asked
  })
  parcel.child.kill()
  return { name, offered: asked.length, complete: complete(asked).length, ...seen }
}

const DOORS = [
  ['door', 'each'],
  ['door', 'kept'],
  ['learning', 'kept'],
] as const
const OTHERS = ['naive', 'decides-while-it-reads', 'under-pressure', 'max-connections'] as const

async function trialsOf(whom: readonly (readonly [Subject, Mode])[], carriers: Server): Promise<Partial<Kept>> {
  const trials: Trial[] = []
  for (const [subject, mode] of whom) trials.push(...(await loads(subject, mode, carriers)))
  return { trials }
}

const parts = {
  door: (carriers: Server) => trialsOf(DOORS, carriers),
  others: (carriers: Server) =>
    trialsOf(
      OTHERS.map((subject) => [subject, 'kept']),
      carriers,
    ),
  async spikes(carriers: Server): Promise<Partial<Kept>> {
    const spikes: Spike[] = []
    for (const { subject, retry } of SPIKES)
      // The same rush for both: without a door one socket listens, and customers who open a connection each are then held
      // up by the turns of the loop, and not by what it can do.
      spikes.push(await spike(subject, retry, carriers, subject === 'naive' ? spikes.at(-1) : undefined))
    return { spikes }
  },
  prices: async (carriers: Server): Promise<Partial<Kept>> => ({ prices: await price(carriers) }),
  async troubles(carriers: Server): Promise<Partial<Kept>> {
    const all: Trouble[] = []
    for (const trouble of troubles) all.push(await troubled(trouble, carriers))
    return { troubles: all }
  },
}
type Part = keyof typeof parts

const NAMES: Record<Subject, string> = {
  door: 'the chapter’s door',
  learning: 'with a limit that learns',
  naive: 'no door',
  'decides-while-it-reads': 'decides while it reads',
  'under-pressure': '@fastify/under-pressure',
  'max-connections': 'server.maxConnections',
}

function tell({ trials, spikes, prices, troubles }: Kept): void {
  const of = (subject: Subject, mode: Mode, load: number) =>
    trials.filter((trial) => trial.subject === subject && trial.mode === mode && trial.load === load)
  const goodput = (some: Trial[]) => median(some.map(({ complete, capacity }) => complete / capacity))
  const mid = (some: Trial[], key: 'p99Ms' | 'refused' | 'failed' | 'late' | 'partial' | 'complete') =>
    median(some.map((trial) => trial[key]))
  const sum = (some: (Trial | Trouble)[], key: 'lateProbes' | 'probes' | 'opened') =>
    some.reduce((total, trial) => total + trial[key], 0)
  const measured = (Object.keys(NAMES) as Subject[]).flatMap((subject) =>
    (['each', 'kept'] as const)
      .filter((mode) => of(subject, mode, 1).length > 0)
      .map((mode) => ({
        subject,
        mode,
        name: `${NAMES[subject]}, ${mode === 'each' ? 'a connection each' : `${KEPT} kept`}`,
      })),
  )
  const doors = measured.filter(({ subject }) => subject === 'door')
  const retaken = trials.filter(({ takes }) => takes > 1).length
  const all = (subject: Subject, mode: Mode) => LOADS.flatMap((load) => of(subject, mode, load))
  const unhealthy = (some: { carriersLateMs: number }[]) => some.some((it) => it.carriersLateMs > UNHEALTHY_MS)
  // What all of an overload's processor time was, without that of its answers.
  const refusalUnderLoad = (mode: Mode) =>
    median(of('door', mode, 3).map(({ refusalUs, answerUs }) => refusalUs / answerUs))
  const pricesOf = (mode: Mode) => prices.filter((price) => price.mode === mode)
  const refusal = (mode: Mode) => median(pricesOf(mode).map(({ refusalUs, answerUs }) => refusalUs / answerUs))
  const priceUs = (mode: Mode, of: (typeof PRICED)[number]) => median(pricesOf(mode).map((price) => price[of]))
  const dearAlone = (mode: Mode) =>
    `${Math.round(priceUs(mode, 'bareUs'))} µs of its ${Math.round(priceUs(mode, 'refusalUs'))} are what a bare socket takes to answer anything at all`
  // From the third second on, in each.
  const isFullAgain = ({ shares }: { shares: number[] }) =>
    shares.slice(SPIKE_MS / 1000 + 2).every((share) => share >= FULL * CALM)
  const becauseOf = (mode: Mode) => {
    const capacities = all('door', mode).map(({ capacity }) => Math.round(capacity))
    const [least, most] = [Math.min(...capacities), Math.max(...capacities)]
    return most > STEADY * least
      ? `what it can do swung from ${least} to ${most} a second meanwhile, and what is offered is a share of what it was the second before`
      : undefined
  }
  const lines = doors.flatMap(({ subject, mode, name }) => [
    ...LOADS.map((load) => ({
      claim: `${name}, ${percent(load, 0)} of capacity: at least ${percent(LINES[load]!, 0)} of it is answered in full and in time`,
      holds: goodput(of(subject, mode, load)) >= LINES[load]!,
      because: becauseOf(mode),
    })),
    {
      claim: `${name}: at most ${percent(REFUSED, 0)} are refused while it is found out what it can do`,
      holds: median(all(subject, mode).map(({ refusedAtCapacity }) => refusedAtCapacity)) <= REFUSED,
    },
    {
      claim: `${name}: p99 of what is answered is under ${P99_MS} ms, at every load`,
      holds: LOADS.every((load) => mid(of(subject, mode, load), 'p99Ms') < P99_MS),
      because: becauseOf(mode),
    },
    {
      claim: `${name}: no breaker of a healthy carrier opens`,
      holds: sum(all(subject, mode), 'opened') === 0,
      because: unhealthy(all(subject, mode)) ? 'the machine had no time for the carriers either' : undefined,
    },
    {
      claim: `${name}: 99 of 100 probes are answered within ${PROBE_MS} ms`,
      holds: sum(all(subject, mode), 'lateProbes') <= sum(all(subject, mode), 'probes') / 100,
      because: becauseOf(mode),
    },
  ])
  const byTrouble = [...Map.groupBy(troubles, ({ name }) => name)].map(([name, some]) => ({
    name,
    asked: median(some.map(({ offered }) => offered)),
    complete: median(some.map(({ complete, offered }) => complete / offered)),
    lateProbes: sum(some, 'lateProbes') / sum(some, 'probes'),
    opened: sum(some, 'opened'),
    carriersLateMs: Math.max(...some.map(({ carriersLateMs }) => carriersLateMs)),
  }))
  const shares = SPIKES.map(({ subject, retry }) => {
    const some = spikes.filter((spike) => spike.subject === subject && spike.retry === retry)
    const share = (second: number) => median(some.map(({ answers, capacity }) => answers[second]! / capacity))
    return { subject, retry, shares: [...Array((SPIKE_MS + CALM_MS) / 1000).keys()].map(share) }
  })

  report(
    'overload',
    {
      title: 'More than it can do, and other trouble of one’s own',
      about:
        'Five healthy carriers, 5 ms an answer; `GET /quotes` in an open loop, on bare sockets, from customers who leave after two ' +
        `seconds. What it can do is what ${CUSTOMERS} customers get who ask again at once, on the same process, just before and just ` +
        'after. An answer counts when it names all five carriers and comes within a second of when it was due. Medians of ' +
        `${of('door', 'each', 1).length} rounds, each on a Parcel of its own, loads of ${LOAD_MS / 1000} s. A load after which it can do a tenth more or less than before is taken again, ` +
        `up to ${TAKES} times, as nobody knows of what it was a share: ${retaken} of ${trials.length} were. Parcel has a core to itself, and is probed on METRICS_PORT, as it is deployed.`,
      figures: {
        ...Object.fromEntries(
          measured.flatMap(({ subject, mode }) =>
            LOADS.map((load) => [`${subject}-${mode}-${load * 100}`, goodput(of(subject, mode, load))]),
          ),
        ),
        ...Object.fromEntries(
          doors.flatMap(({ mode }) => [
            [`refusal-${mode}`, refusal(mode)],
            [`refusalUnderLoad-${mode}`, refusalUnderLoad(mode)],
            ...PRICED.map((of) => [`${of}-${mode}`, priceUs(mode, of)]),
          ]),
        ),
        breakersOpened: doors.reduce((total, { mode }) => total + sum(all('door', mode), 'opened'), 0),
      },
      tables: [
        {
          caption: 'Answered in full and in time, as a share of what it can do',
          rows: [
            ['', ...LOADS.map((load) => `offered ${percent(load, 0)}`)],
            ...measured.map(({ subject, mode, name }) => [
              name,
              ...LOADS.map((load) => percent(goodput(of(subject, mode, load)), 0)),
            ]),
          ],
        },
        {
          caption:
            'At three times what it can do, a second; p99 is of the complete answers, the core that of customers and carriers',
          rows: [
            [
              '',
              'capacity',
              'complete',
              'partial',
              'late',
              'refused',
              'failed',
              'p99, ms',
              'late probes',
              'breakers opened',
              'their core busy',
            ],
            ...measured.map(({ subject, mode, name }) => {
              const some = of(subject, mode, 3)
              return [
                name,
                Math.round(median(some.map(({ capacity }) => capacity))),
                ...(['complete', 'partial', 'late', 'refused', 'failed', 'p99Ms'] as const).map((key) =>
                  Math.round(mid(some, key)),
                ),
                percent(sum(some, 'lateProbes') / sum(some, 'probes'), 0),
                sum(some, 'opened'),
                percent(median(some.map(({ othersBusy }) => othersBusy)), 0),
              ]
            }),
          ],
        },
        {
          caption: `Processor time by itself, µs; medians of ${PRICES}`,
          rows: [
            ['', 'an answer', 'a refusal', 'a refusal on a bare socket'],
            ...doors.map(({ mode, name }) => [name, ...PRICED.map((of) => Math.round(priceUs(mode, of)))]),
          ],
        },
        {
          caption: `A spike of ${SPIKE_MS / 1000} s at ${SPIKE} times what it can do with its door, then ${CALM}: complete answers, second by second, as a share of it; medians of ${spikes.length / SPIKES.length}`,
          rows: shares.map(({ subject, retry, shares }) => [
            `${NAMES[subject]}${retry ? ', customers ask again' : ''}`,
            ...shares.map((share) => percent(share, 0)),
          ]),
        },
        {
          caption: `Other trouble, at half of what it can do, or less; medians of ${troubles.length / byTrouble.length}`,
          rows: [
            ['', 'asked', 'complete', 'late probes', 'breakers opened', 'carriers late, ms'],
            ...byTrouble.map((it) => [
              it.name,
              it.asked,
              percent(it.complete, 1),
              percent(it.lateProbes, 0),
              it.opened,
              Math.round(it.carriersLateMs),
            ]),
          ],
        },
      ],
      claims: [
        ...lines,
        ...doors.map(({ mode, name }) => ({
          claim: `${name}: a refusal costs at most an eighth of an answer`,
          holds: refusal(mode) <= 1 / 8,
          because: dearAlone(mode),
        })),
        ...doors.map(({ mode, name }) => ({
          claim: `${name}: at three times what it can do a refusal costs at most an eighth of an answer, too`,
          holds: refusalUnderLoad(mode) <= 1 / 8,
          because: `${dearAlone(mode)}; and what an answer costs more in an overload, also where no refusal comes, is counted as theirs`,
        })),
        ...shares
          .filter(({ subject }) => subject === 'door')
          .map((it) => ({
            claim: `within 2 s after the spike it answers everybody again${it.retry ? ', also when they ask up to four times' : ''}`,
            holds: isFullAgain(it),
            because: it.retry
              ? 'whoever was refused asks again, up to three times, and until they have there is more than it can do'
              : undefined,
          })),
        {
          claim: 'and no breaker of a healthy carrier opens in any of these spikes',
          holds: spikes.every(({ subject, opened }) => subject !== 'door' || opened === 0),
        },
        ...byTrouble.map((it) => ({
          claim: `${it.name}: no breaker of a healthy carrier opens`,
          holds: it.opened === 0,
          because: it.carriersLateMs > UNHEALTHY_MS ? 'the machine had no time for the carriers either' : undefined,
        })),
        ...byTrouble
          .filter(({ name }) => name.includes('pauses'))
          .map((it) => ({
            claim: `${it.name}: at most 3 % of the answers are lost`,
            holds: it.complete >= 0.97,
            because:
              'what comes in a pause stands before the door at once, and not all of it has room there, or the time',
          })),
      ],
      plots: {
        overload: stack([
          {
            title: 'Answered in full, within a second',
            x: { label: 'offered, % of what it can do', ticks: LOADS.map((load) => load * 100) },
            y: { label: '% of what it can do', ticks: [0, 25, 50, 75, 100] },
            series: measured
              .filter(({ mode, subject }) => mode === 'kept' && subject !== 'learning')
              .map(({ subject, mode }) => ({
                label: NAMES[subject],
                points: LOADS.map((load): [number, number] => [
                  load * 100,
                  Math.min(100, 100 * goodput(of(subject, mode, load))),
                ]),
              })),
          },
          {
            title: `${SPIKE_MS / 1000} s of three times as many, who ask again; then it is over`,
            height: 420,
            x: { label: 's', ticks: [0, 3, 6, 9, 12] },
            y: { label: '% of what it can do', ticks: [0, 25, 50, 75, 100] },
            series: shares
              .filter(({ retry }) => retry)
              .map(({ subject, shares }) => ({
                label: NAMES[subject],
                points: shares.map((share, second): [number, number] => [second + 0.5, Math.min(100, 100 * share)]),
              })),
          },
        ]),
      },
    },
    ['fastify', 'undici'],
  )
}

const FILE = join(root, '.workshop/overload.json')
const nothing: Kept = { trials: [], spikes: [], prices: [], troubles: [] }
const readKept = (): Kept => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : nothing)
const add = (kept: Kept, more: Partial<Kept>): Kept => ({
  trials: [...kept.trials, ...(more.trials ?? [])],
  spikes: [...kept.spikes, ...(more.spikes ?? [])],
  prices: [...kept.prices, ...(more.prices ?? [])],
  troubles: [...kept.troubles, ...(more.troubles ?? [])],
})

async function measure(parts_: Part[]): Promise<Kept> {
  const carriers = await startCarriers()
  let kept = nothing
  for (const part of parts_) kept = add(kept, await parts[part](carriers))
  return kept
}

try {
  const { argv } = process
  if (argv.includes('--kept')) tell(readKept())
  else if (argv.includes('--keep')) {
    const more = await measure([argv.at(-1) as Part])
    mkdirSync(join(root, '.workshop'), { recursive: true })
    writeFileSync(FILE, JSON.stringify(add(readKept(), more)))
  } else
    tell(
      await measure([
        ...Array<Part>(ROUNDS).fill('door'),
        'others',
        ...Array<Part>(SPIKE_ROUNDS).fill('spikes'),
        ...Array<Part>(TROUBLE_ROUNDS).fill('troubles'),
        'prices',
      ]),
    )
} finally {
  stopAll()
}
