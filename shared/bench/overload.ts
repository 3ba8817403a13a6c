/*
 * Parcel with more customers than it can serve, beside a busy neighbour, and when its process stands still: none of it is
 * the carriers' fault, which are healthy, so no breaker may open. The service, the carriers and the customers are a process
 * each. Takes about two minutes:
 *
 *     npm run bench overload
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { request } from 'undici'
import { sleep } from '../core/sleep.ts'
import { parseMetrics } from '../stage/prometheus.ts'
import { PATIENT } from '../testing/patient.ts'
import { askInTime, type Answers, saturate } from './load.ts'
import { report } from './report.ts'
import { percent } from '../stage/table.ts'
import { question, type Server, start, stopAll } from './throughput-servers.ts'

const QUOTES = '/quotes?from=Lisbon&to=Oslo&grams=1200'
const SATURATED_MS = 3000
const WARM_MS = 3000
const LOAD_MS = 6000
/** Who has their answer by then has a use for it. */
const IN_TIME_MS = 1000
/** Of a carrier's 200 ms: one that stands still for longer is not healthy. */
const UNHEALTHY_MS = 100
const PAUSE_MS = 350
const PAUSES = 6
const PROBE_EVERY_MS = 200

interface Trial {
  name: string
  /** Of what Parcel can do. */
  load: number
  /** What happens to it, beside its customers. */
  trouble?: (parcel: ChildProcess) => Promise<void>
}

interface Outcome extends Answers {
  perSecond: number
  /** Probes of `/readyz` that took longer than a second, a balancer's usual patience. */
  lateProbes: number
  probes: number
  breakersOpened: number
  /** The longest that the carriers' own loop stood still: they share the machine. */
  carriersLateMs: number
}

/** Busy loops, two for each processor, which end by themselves. */
async function neighbours(): Promise<void> {
  const program = `const until = Date.now() + ${LOAD_MS}; while (Date.now() < until);`
  for (let i = 0; i < 2 * availableParallelism(); i++) spawn(process.execPath, ['-e', program], { stdio: 'ignore' })
  await sleep(LOAD_MS)
}

/** As a virtual machine does that moves to another host, or a container that has used up its share of time. */
async function pauses(parcel: ChildProcess): Promise<void> {
  for (let i = 0; i < PAUSES; i++) {
    await sleep(LOAD_MS / PAUSES - PAUSE_MS)
    parcel.kill('SIGSTOP')
    await sleep(PAUSE_MS)
    parcel.kill('SIGCONT')
  }
}

const trials: Trial[] = [
  { name: 'half of what it can do', load: 0.5 },
  { name: 'all of it', load: 1 },
  { name: 'half as much again', load: 1.5 },
  { name: 'half, beside busy neighbours', load: 0.5, trouble: neighbours },
  // Windows knows no SIGSTOP.
  ...(process.platform === 'win32'
    ? []
    : [{ name: `half, and ${PAUSES} pauses of ${PAUSE_MS} ms`, load: 0.5, trouble: pauses }]),
]

/** On a Parcel of its own: what one trial does to the breakers is not the next one's. */
async function tried({ load, trouble }: Trial, perSecondAtMost: number, carriers: Server): Promise<Outcome> {
  const parcel = await start('parcel', { CARRIERS: carriers.address })
  const perSecond = load * perSecondAtMost
  await askInTime(parcel.address, QUOTES, { perSecond: perSecondAtMost / 2, ms: WARM_MS, inTimeMs: IN_TIME_MS })
  const openedBefore = await breakersOpened(parcel)
  await question(carriers.child, 'delay')
  const over = new AbortController()
  const probing = probe(parcel.address, over.signal)
  const [answers] = await Promise.all([
    askInTime(parcel.address, QUOTES, { perSecond, ms: LOAD_MS, inTimeMs: IN_TIME_MS }),
    trouble?.(parcel.child),
  ])
  over.abort()
  const { late, probes } = await probing
  const opened = (await breakersOpened(parcel)) - openedBefore
  const carriersLateMs = await question<number>(carriers.child, 'delay')
  parcel.child.kill()
  return { ...answers, perSecond, lateProbes: late, probes, breakersOpened: opened, carriersLateMs }
}

async function breakersOpened({ address }: Server): Promise<number> {
  const { body } = await request(`${address}/metrics`)
  return parseMetrics(await body.text())
    .filter(({ name, labels }) => name === 'parcel_carrier_breaker_changes_total' && labels.to === 'open')
    .reduce((sum, { value }) => sum + value, 0)
}

async function probe(address: string, signal: AbortSignal): Promise<{ late: number; probes: number }> {
  const took: Promise<number>[] = []
  const once = async () => {
    const askedAt = performance.now()
    const { body } = await request(`${address}/readyz`)
    await body.dump()
    return performance.now() - askedAt
  }
  while (!signal.aborted) {
    // One that is not even connected is late.
    took.push(once().catch(() => Infinity))
    await sleep(PROBE_EVERY_MS)
  }
  const all = await Promise.all(took)
  return { probes: all.length, late: all.filter((ms) => ms > 1000).length }
}

async function main(): Promise<void> {
  const carriers = await start('carriers')
  // Its limits would refuse, quickly, and so seem fast.
  const first = await start('parcel', { CARRIERS: carriers.address, ...PATIENT })
  await saturate(first.address, QUOTES, SATURATED_MS)
  const { requests, ms } = await saturate(first.address, QUOTES, SATURATED_MS)
  const perSecondAtMost = (requests * 1000) / ms
  first.child.kill()

  const outcomes: (Outcome & Trial)[] = []
  for (const trial of trials) outcomes.push({ ...trial, ...(await tried(trial, perSecondAtMost, carriers)) })
  const perSecond = (count: number) => Math.round((count * 1000) / LOAD_MS)
  const opened = outcomes.reduce((sum, { breakersOpened }) => sum + breakersOpened, 0)

  report(
    'overload',
    {
      title: 'More than it can do, and other trouble of one’s own',
      about:
        'Five healthy carriers, 5 ms an answer; `GET /quotes` in an open loop, from customers who leave after two seconds; ' +
        `${LOAD_MS / 1000} s each, on a Parcel of its own, with its usual limits. What it can do is what 64 customers get ` +
        'who ask again at once. An answer counts when it names all five carriers and comes within a second of when it was due.',
      figures: { breakersOpened: opened, sustainedShare: outcomes[2]!.complete / outcomes[1]!.complete },
      tables: [
        {
          caption: 'Requests a second, and what opened',
          rows: [
            [
              '',
              'offered',
              'complete in time',
              'partial',
              'late',
              'failed',
              'late probes',
              'carriers late, ms',
              'breakers opened',
            ],
            ...outcomes.map((it) => [
              it.name,
              Math.round(it.perSecond),
              perSecond(it.complete),
              perSecond(it.partial),
              perSecond(it.late),
              perSecond(it.failed),
              percent(it.lateProbes / it.probes, 0),
              it.carriersLateMs,
              it.breakersOpened,
            ]),
          ],
        },
      ],
      claims: outcomes.map(({ name, breakersOpened, carriersLateMs }) => ({
        claim: `${name}: no breaker of a healthy carrier opens`,
        holds: breakersOpened === 0,
        because: carriersLateMs > UNHEALTHY_MS ? 'the machine had no time for the carriers either' : undefined,
      })),
    },
    ['fastify', 'undici'],
  )
}

try {
  await main()
} finally {
  stopAll()
}
