/*
 * What all the patterns together cost a service: Parcel beside a server of the same routes that is Fastify, undici and
 * nothing else, with healthy carriers. The servers, the carriers and the customers are a process each. Takes about two
 * minutes:
 *
 *     npm run bench throughput
 */
import { PATIENT } from '../testing/patient.ts'
import { saturate, steady } from './load.ts'
import type { Profile } from './profile.ts'
import { report } from './report.ts'
import { median, ratio } from './rounds.ts'
import { percent } from '../stage/table.ts'
import { book, cpuUs, question, type Server, start, stopAll } from './throughput-servers.ts'

const ROUNDS = 7
const SATURATED_MS = 1500
const STEADY_MS = 2000
const sides = ['parcel', 'pass-through'] as const
type Side = (typeof sides)[number]

type Servers = Record<Side, Server>
type Rounds = Record<'perSecond' | 'cpuUs' | 'p99Ms', number[]>

/** One route, on both sides in turn. */
async function compare(servers: Servers, path: string): Promise<Record<Side, Rounds>> {
  const empty = (): Rounds => ({ perSecond: [], cpuUs: [], p99Ms: [] })
  const all: Record<Side, Rounds> = { parcel: empty(), 'pass-through': empty() }
  for (const side of sides) await saturate(servers[side].address, path, SATURATED_MS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      const { child, address } = servers[side]
      const before = await cpuUs(child)
      const { requests, ms } = await saturate(address, path, SATURATED_MS)
      all[side].perSecond.push((requests * 1000) / ms)
      all[side].cpuUs.push(((await cpuUs(child)) - before) / requests)
    }
  }
  // Half of what the slower one can do, for both.
  const perSecond = Math.min(...sides.map((side) => median(all[side].perSecond))) / 2
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of round % 2 === 0 ? sides : sides.toReversed())
      all[side].p99Ms.push((await steady(servers[side].address, path, perSecond, STEADY_MS)).p99Ms)
  }
  return all
}

/** Microseconds of each part for a request, at saturation. */
async function profiled({ child, address }: Server, path: string): Promise<Profile> {
  await question(child, 'profile')
  const { requests } = await saturate(address, path, 2 * SATURATED_MS)
  const { parts, functions } = await question<Profile>(child, 'profile')
  const each = (times: Record<string, number>) =>
    Object.fromEntries(Object.entries(times).map(([name, us]) => [name, us / requests]))
  return { parts: each(parts), functions: each(functions) }
}

const dearest = (times: Record<string, number>, most: number) =>
  Object.entries(times)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most)

/** Why it may miss a line. */
const BECAUSE = {
  throughput:
    'for each request and each call, Parcel sets and clears timers, listens to signals, counts, and checks what carriers ' +
    'answer, and the pass-through nothing of all that; the tables say where the time goes',
  p99: 'both are asked at the same rate, at which Parcel is nearer to its own limit',
}

async function main(): Promise<void> {
  const { address: CARRIERS } = await start('carriers')
  // On a machine that is saturated on purpose, its limits would refuse, quickly, and win.
  const env = { CARRIERS, ...PATIENT }
  const servers: Servers = {
    parcel: await start('parcel', env),
    'pass-through': await start('pass-through', env),
  }
  const paths = {
    shipment: `/shipments/${await book(servers.parcel)}`,
    quotes: '/quotes?from=Lisbon&to=Oslo&grams=1200',
  }
  const routes = Object.keys(paths) as (keyof typeof paths)[]
  const measured = []
  for (const route of routes) {
    const { parcel, 'pass-through': bare } = await compare(servers, paths[route])
    const share = ratio(parcel.perSecond, bare.perSecond)
    measured.push({
      route,
      parcel,
      bare,
      share,
      cpu: ratio(parcel.cpuUs, bare.cpuUs),
      p99: ratio(parcel.p99Ms, bare.p99Ms),
    })
  }
  const [ours, theirs] = [
    await profiled(servers.parcel, paths.quotes),
    await profiled(servers['pass-through'], paths.quotes),
  ]

  report(
    'throughput',
    {
      title: 'Parcel beside a bare pass-through',
      about:
        'The same two routes by Fastify and undici alone: no limits, retries, breakers, hedges, checks of what carriers ' +
        'answer, or metrics; the same log. Five healthy carriers, 5 ms an answer. Throughput and processor time of the ' +
        `server with 64 customers who ask again at once; p99 in an open loop at half of the slower one’s throughput; ${ROUNDS} ` +
        'rounds in turn, medians, and of ratios the median of the rounds’. Where customers and carriers share two cores ' +
        'with the server, the processor time is the sharper figure. `GET /shipments/:id` asks one carrier, `GET /quotes` all five.',
      figures: Object.fromEntries(
        measured.flatMap(({ route, share, cpu, p99 }) => [
          [`${route}ThroughputShare`, share],
          [`${route}CpuRatio`, cpu],
          [`${route}P99Ratio`, p99],
        ]),
      ),
      tables: [
        {
          caption: 'Parcel, the pass-through, and the ratio',
          rows: [
            ['', 'Parcel', 'pass-through', 'ratio'],
            ...measured.flatMap(({ route, parcel, bare, share, cpu, p99 }) => [
              [`${route}, requests a second`, median(parcel.perSecond), median(bare.perSecond), percent(share, 0)],
              [`${route}, µs of processor time`, median(parcel.cpuUs), median(bare.cpuUs), `${cpu.toFixed(2)}×`],
              [
                `${route}, p99 ms`,
                median(parcel.p99Ms).toFixed(1),
                median(bare.p99Ms).toFixed(1),
                `${p99.toFixed(2)}×`,
              ],
            ]),
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
      claims: measured.flatMap(({ route, share, p99 }) => [
        {
          claim: `${route}: at least 85 % of the pass-through’s throughput`,
          holds: share >= 0.85,
          because: BECAUSE.throughput,
        },
        { claim: `${route}: p99 at most 1.3 times the pass-through’s`, holds: p99 <= 1.3, because: BECAUSE.p99 },
      ]),
    },
    ['fastify', 'undici'],
  )
}

try {
  await main()
} finally {
  stopAll()
}
