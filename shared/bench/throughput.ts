/*
 * What all the patterns together cost a service: Parcel beside two servers of the same routes, one on cockatiel, as its
 * careful user would write it, and one that is Fastify, undici and nothing else; with healthy carriers. The servers, the
 * carriers and the customers are a process each. Takes about three and a half minutes:
 *
 *     npm run bench throughput
 */
import { PATIENT } from '../testing/patient.ts'
import { saturate, steady } from './load.ts'
import type { Profile } from './profile.ts'
import { report } from './report.ts'
import { median, ratio } from './rounds.ts'
import { cpuUs, question, type Server, start as startProgram, stopAll } from './servers.ts'
import type { Role } from './throughput-process.ts'

const ROUNDS = 7
/** For the compiler: the more code a server runs through, the later it is done. */
const WARM_MS = 8000
const SATURATED_MS = 1500
const STEADY_MS = 2000
const peers = ['cockatiel', 'pass-through'] as const
const sides = ['parcel', ...peers] as const
type Side = (typeof sides)[number]

type Servers = Record<Side, Server>
type Rounds = Record<'perSecond' | 'cpuUs' | 'p99Ms', number[]>

const start = (role: Role, env: Record<string, string> = {}) => startProgram('throughput-process.ts', [role], { env })

/** The id of a shipment, to ask for. */
async function book({ address }: Server): Promise<string> {
  const response = await fetch(`${address}/shipments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'throughput' },
    body: JSON.stringify({ carrier: 'swift', from: 'Lisbon', to: 'Oslo', grams: 1200 }),
  })
  const { id } = (await response.json()) as { id: string }
  return id
}

/** One route, on all sides in turn. */
async function compare(servers: Servers, path: string): Promise<Record<Side, Rounds>> {
  const empty = (): Rounds => ({ perSecond: [], cpuUs: [], p99Ms: [] })
  const all: Record<Side, Rounds> = { parcel: empty(), cockatiel: empty(), 'pass-through': empty() }
  for (const side of sides) await saturate(servers[side].address, path, WARM_MS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const { address } = servers[side]
      const before = await cpuUs(servers[side])
      const { requests, ms } = await saturate(address, path, SATURATED_MS)
      all[side].perSecond.push((requests * 1000) / ms)
      all[side].cpuUs.push(((await cpuUs(servers[side])) - before) / requests)
    }
  }
  // Half of what the slowest one can do, for all.
  const perSecond = Math.min(...sides.map((side) => median(all[side].perSecond))) / 2
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed())
      all[side].p99Ms.push((await steady(servers[side].address, path, perSecond, STEADY_MS)).p99Ms)
  }
  return all
}

/** Microseconds of each part for a request, at saturation. */
async function profiled(server: Server, path: string): Promise<Profile> {
  await question(server, 'profile')
  const { requests } = await saturate(server.address, path, 2 * SATURATED_MS)
  const { parts, functions } = (await question(server, 'profile')) as Profile
  const each = (times: Record<string, number>) =>
    Object.fromEntries(Object.entries(times).map(([name, us]) => [name, us / requests]))
  return { parts: each(parts), functions: each(functions) }
}

const dearest = (times: Record<string, number>, most: number) =>
  Object.entries(times)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most)

/** How much of the peer's processor time Parcel may take: it also hedges, budgets, carries deadlines, checks answers, and counts. */
const LINES = { shipment: 1.25, quotes: 1 }
/** Why it may miss a line. */
const BECAUSE =
  'what it has, and the peer has not, has its price: a signal and a limit for each phase, routes, a budget and a ' +
  'hedge, a deadline and a trace on the wire, answers that are checked, seven counters a call, a door. By the ' +
  'profile, half of what Parcel takes beyond the pass-through is in these, none of which takes a tenth of a quote, ' +
  'and half in Node and the garbage under them. Tried, and left where it was: an own reader over undici’s dispatch ' +
  '(1 to 4 %, for 42 lines of its handlers’ protocol)'

const rows: { name: string; of: keyof Rounds; digits: number }[] = [
  { name: 'requests a second', of: 'perSecond', digits: 0 },
  { name: 'µs of processor time', of: 'cpuUs', digits: 0 },
  { name: 'p99 ms', of: 'p99Ms', digits: 1 },
]

async function main(): Promise<void> {
  const { address: CARRIERS } = await start('carriers')
  // On a machine that is saturated on purpose, its limits would refuse, quickly, and win.
  // All ask the same, and each is to be asked for.
  const env = { CARRIERS, ...PATIENT, MAX_WAITING: '10000', QUOTE_ERROR_MS: '0' }
  const servers: Servers = {
    parcel: await start('parcel', env),
    cockatiel: await start('cockatiel', env),
    'pass-through': await start('pass-through', env),
  }
  const paths = {
    shipment: `/shipments/${await book(servers.parcel)}`,
    quotes: '/quotes?from=Lisbon&to=Oslo&grams=1200',
  }
  const routes = Object.keys(paths) as (keyof typeof paths)[]
  const measured: { route: keyof typeof paths; rounds: Record<Side, Rounds> }[] = []
  for (const route of routes) measured.push({ route, rounds: await compare(servers, paths[route]) })
  const to = (rounds: Record<Side, Rounds>, peer: Side, of: keyof Rounds) => ratio(rounds.parcel[of], rounds[peer][of])
  const [ours, theirs] = [
    await profiled(servers.parcel, paths.quotes),
    await profiled(servers['pass-through'], paths.quotes),
  ]

  report(
    'throughput',
    {
      title: 'Parcel beside a service on cockatiel, and a bare pass-through',
      about:
        'The same two routes as a careful user of cockatiel would write them (a limit around retries around a breaker for ' +
        'each replica around a limit for each attempt; whatever carriers answer in time), and by Fastify and undici alone; ' +
        'the same line in the log. Five healthy carriers, 5 ms an answer. Throughput and processor time of the ' +
        `server with 64 customers who ask again at once; p99 in an open loop at half of the slowest one’s throughput; ${ROUNDS} ` +
        'rounds in turn, medians, and of ratios the median of the rounds’. Where customers and carriers share two cores ' +
        'with the server, the processor time is the sharper figure. `GET /shipments/:id` asks one carrier, `GET /quotes` all five.',
      figures: Object.fromEntries(
        measured.flatMap(({ route, rounds }) => [
          [`${route}ThroughputShare`, to(rounds, 'pass-through', 'perSecond')],
          [`${route}CpuRatio`, to(rounds, 'pass-through', 'cpuUs')],
          [`${route}P99Ratio`, to(rounds, 'pass-through', 'p99Ms')],
          [`${route}CpuRatioToCockatiel`, to(rounds, 'cockatiel', 'cpuUs')],
        ]),
      ),
      tables: [
        {
          caption: 'Parcel and its peers, and Parcel’s ratio to each',
          rows: [
            ['', ...sides, ...peers.map((peer) => `to ${peer}`)],
            ...measured.flatMap(({ route, rounds }) =>
              rows.map(({ name, of, digits }) => [
                `${route}, ${name}`,
                ...sides.map((side) => median(rounds[side][of]).toFixed(digits)),
                ...peers.map((peer) => `${to(rounds, peer, of).toFixed(2)}×`),
              ]),
            ),
          ],
        },
        {
          caption: 'Where the time of `GET /quotes` goes: µs a request, by the sampling profiler',
          rows: [
            ['', 'Parcel', 'pass-through'],
            ...dearest(ours.parts, 16).map(([part, us]) => [part, us.toFixed(1), (theirs.parts[part] ?? 0).toFixed(1)]),
          ],
        },
        {
          caption: 'The ten functions of Parcel in which most of it is spent',
          rows: [['', 'µs'], ...dearest(ours.functions, 10).map(([where, us]) => [where, us.toFixed(1)])],
        },
      ],
      claims: measured.map(({ route, rounds }) => ({
        claim: `${route}: at most ${LINES[route]} of the processor time that the service on cockatiel takes`,
        holds: to(rounds, 'cockatiel', 'cpuUs') <= LINES[route],
        because: BECAUSE,
      })),
    },
    ['fastify', 'undici', 'cockatiel'],
  )
}

try {
  await main()
} finally {
  stopAll()
}
