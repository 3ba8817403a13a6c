/*
 * What a limit by client costs, and what it is worth: ours beside the libraries that one would otherwise take. A call, a
 * request, a million names, a Redis that is frozen; and the claims that are in circulation about windows and buckets.
 * Takes about two minutes:
 *
 *     npm run bench limits
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fastify, { type FastifyInstance } from 'fastify'
import { ClientLimits } from '#chapters/07-rate-limiting/clients.ts'
import { limitRequests } from '#chapters/07-rate-limiting/http.ts'
import { networkOf } from '#chapters/07-rate-limiting/identity.ts'
import { hasRedisServer } from '../testing/redis.ts'
import { claimsInCirculation } from './limits-claims.ts'
import { limits, type Take } from './limits-peers.ts'
import { type Freeze, freeze, subjects } from './limits-redis.ts'
import { shape } from './limits-shape.ts'
import { peer, report } from './report.ts'
import { median, ratio, takeTurns } from './rounds.ts'

const ROUNDS = 31
const CLIENTS = 5_000
const names = Object.keys(limits)

/** Each of 5,000 clients in turn, who are let in, or all of whom have had enough. */
async function calls(isRefused: boolean) {
  const callers = names.map((name) => {
    const take = limits[name]!(isRefused ? 1 : 1e9, 2 * CLIENTS)
    let turn = 0
    const call = async () => take(`net:10.0.${turn % 250}.${((turn++ / 250) % 20) | 0}`)
    return { name, take, call }
  })
  for (const { take } of callers)
    for (let a = 0; a < 250; a++) for (let b = 0; b < 20; b++) await take(`net:10.0.${a}.${b}`)
  return takeTurns<string>(Object.fromEntries(callers.map(({ name, call }) => [name, call])), ROUNDS)
}

const servers: Record<string, () => Promise<FastifyInstance>> = {
  bare: async () => fastify(),
  ours: async () => {
    const app = fastify()
    const rate = { perSecond: 1e6, burst: 1e9 }
    limitRequests(app, { limit: new ClientLimits(rate), rate, clientOf: ({ ip }) => networkOf(ip) })
    return app
  },
  '@fastify/rate-limit': async () => {
    const app = fastify()
    await app.register(peer('@fastify/rate-limit'), { max: 1e9, timeWindow: 3_600_000 })
    return app
  },
}

/** A request by `inject`, without sockets, which are the same for all of them. */
async function requests() {
  const entries = await Promise.all(
    Object.entries(servers).map(async ([name, make]) => {
      const app = await make()
      app.get('/', async () => 'ok')
      await app.ready()
      return [name, () => app.inject({ method: 'GET', url: '/' })] as const
    }),
  )
  return takeTurns<string>(Object.fromEntries(entries), ROUNDS)
}

interface Million {
  mb: number
  greedy: number
}

/** In a process of its own, whose heap is that one's. */
function million(name: string): Million {
  const self = fileURLToPath(import.meta.url)
  const args = ['--expose-gc', '--max-old-space-size=4096', ...process.execArgv, self, '--million', name]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

const MILLION = 1_000_000

/** A million names, and after each ten thousand a greedy one asks a hundred times; he may a hundred times in all. */
async function playMillion(take: Take): Promise<Million> {
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  let greedy = 0
  for (let i = 0; i < MILLION; i++) {
    if (i % 10_000 === 0) for (let asked = 0; asked < 100; asked++) if (await take('greedy')) greedy++
    await take(`stranger ${i}`)
  }
  for (let asked = 0; asked < 100; asked++) if (await take('greedy')) greedy++
  globalThis.gc?.()
  return { mb: (process.memoryUsage().heapUsed - before) / 1e6, greedy }
}

const ns = (times: Record<string, number[]>, name: string) => median(times[name]!)
const ms = (values: number[]) => {
  const most = Math.max(...values)
  return most === Infinity ? 'over 8 s' : `${most.toFixed(0)} ms`
}

const late = (values: number[]) => values.filter((each) => each > 45).length
const waited = (values: number[]) => `${late(values)} of ${values.length}`

async function main(): Promise<void> {
  const allowed = await calls(false)
  const refused = await calls(true)
  const served = await requests()
  const millions = Object.fromEntries(names.map((name) => [name, million(name)]))
  const frozen: [string, Freeze][] = []
  if (hasRedisServer()) for (const [name, start] of Object.entries(subjects)) frozen.push([name, await freeze(start)])
  const shaped = {
    'as they come': await shape({}),
    '19 a second': await shape({ CARRIER_RATES: 'pigeon=19' }),
    '19 a second, and 2 s of patience': await shape({
      CARRIER_RATES: 'pigeon=19',
      CARRIER_WAIT_MS: '2000',
      QUOTE_DEADLINE_MS: '2900',
    }),
  }
  const { claims: said, rows } = await claimsInCirculation()
  const price = (name: string) => median(served[name]!.map((us, round) => (us - served.bare![round]!) / 1000))
  const ourFreeze = frozen[0]?.[1]

  report(
    'limits',
    {
      title: 'Limits by client',
      about:
        `Calls and requests: processor time, ${ROUNDS} rounds in which the subjects take turns, medians; ${CLIENTS} clients ` +
        'one after the other; requests by `inject`, over those of Fastify alone. A million names: heap, in a process each, ' +
        'and how often a greedy client was let in between them who may 100 times (a store of 5,000 for @fastify/rate-limit, ' +
        'which is its default; 10,000 for ours, which is ours). Redis: 20 requests one after the other, the slowest of each; ' +
        'slow is 80 ms late, frozen is SIGSTOP, gone is SIGKILL; ioredis as it comes for the others, as Parcel has it for ours. Below, claims ' +
        'in circulation about windows and buckets, in virtual time and seeded.',
      figures: {
        allowedNs: ns(allowed, 'ours'),
        allowedToFlexible: ratio(allowed.ours!, allowed['rate-limiter-flexible']!),
        refusedNs: ns(refused, 'ours'),
        refusedToFlexible: ratio(refused.ours!, refused['rate-limiter-flexible']!),
        requestUs: price('ours'),
        requestFastifyUs: price('@fastify/rate-limit'),
        millionMb: millions.ours!.mb,
        millionGreedy: millions.ours!.greedy,
        millionGreedyLru: millions['@fastify/rate-limit']!.greedy,
        millionFlexibleMb: millions['rate-limiter-flexible']!.mb,
        ...(ourFreeze && {
          frozenMs: Math.max(...ourFreeze.frozenMs),
          frozenLate: late(ourFreeze.frozenMs),
          slowMs: Math.max(...ourFreeze.slowMs),
          slowLate: late(ourFreeze.slowMs),
          sharedUs: ourFreeze.healthyMs * 1000,
        }),
        unshapedQuotes: shaped['as they come'].withPigeon,
        shapedQuotes: shaped['19 a second'].withPigeon,
        shapedOf: shaped['19 a second'].quotes,
        ...Object.fromEntries(rows.map(({ name, value }) => [name, value])),
      },
      tables: [
        {
          caption:
            'A call, with 5,000 clients, in ns; and what a million names leave in the heap, and give to the greedy one',
          rows: [
            ['', 'let in', 'refused', 'a million names', 'greedy, of 100'],
            ...names.map((name) => [
              name,
              ns(allowed, name),
              ns(refused, name),
              `${millions[name]!.mb.toFixed(1)} MB`,
              millions[name]!.greedy,
            ]),
          ],
        },
        {
          caption: 'A request that is let in, over Fastify alone, in µs',
          rows: [
            ['', 'µs'],
            ['ours', price('ours').toFixed(1)],
            ['@fastify/rate-limit', price('@fastify/rate-limit').toFixed(1)],
          ],
        },
        ...(frozen.length > 0
          ? [
              {
                caption:
                  'With a Redis: the median of a request, and the slowest of twenty while it is slow, frozen, and gone; and how many waited for it',
                rows: [
                  ['', 'healthy', 'slow', 'waited', 'frozen', 'waited', 'gone'],
                  ...frozen.map(([name, { healthyMs, slowMs, frozenMs, deadMs }]) => [
                    name,
                    `${(healthyMs * 1000).toFixed(0)} µs`,
                    ms(slowMs),
                    waited(slowMs),
                    ms(frozenMs),
                    waited(frozenMs),
                    ms(deadMs),
                  ]),
                ],
              },
            ]
          : []),
        {
          caption:
            'Parcel and a pigeon that takes 20 calls a second, and at the 21st closes for two: 30 quotes a second for twelve seconds',
          rows: [
            ['pigeon is asked', 'quotes', 'with pigeon', 'p50, ms'],
            ...Object.entries(shaped).map(([how, { quotes, withPigeon, p50Ms }]) => [how, quotes, withPigeon, p50Ms]),
          ],
        },
        {
          caption: 'Claims in circulation',
          rows: [['', 'said', 'found'], ...rows.map(({ what, says, found }) => [what, says, found])],
        },
      ],
      claims: [
        {
          claim: 'a request costs no more than with @fastify/rate-limit',
          holds: price('ours') <= price('@fastify/rate-limit'),
        },
        {
          claim: 'a refusal costs at most half of rate-limiter-flexible’s',
          holds: ratio(refused.ours!, refused['rate-limiter-flexible']!) <= 0.5,
        },
        { claim: 'a million names leave at most 10 MB', holds: millions.ours!.mb <= 10 },
        { claim: 'and give a greedy client nothing', holds: millions.ours!.greedy === 100 },
        ...(ourFreeze
          ? [
              {
                claim:
                  'while Redis is slow or frozen, no request takes longer than 80 ms, and two of twenty at most wait at all',
                holds: [ourFreeze.slowMs, ourFreeze.frozenMs].every(
                  (each) => Math.max(...each) <= 80 && late(each) <= 2,
                ),
              },
            ]
          : []),
        {
          claim:
            'a line gets at least twice as many quotes out of a pigeon that closes its door when it is asked too often',
          holds: shaped['19 a second'].withPigeon >= 2 * shaped['as they come'].withPigeon,
        },
        ...said,
      ],
    },
    ['@fastify/rate-limit', 'rate-limiter-flexible', 'limiter'],
  )
  process.exit()
}

const [mode, name = ''] = process.argv.slice(2)
if (mode === '--million') {
  const take = limits[name]!(100, name === '@fastify/rate-limit' ? 5_000 : 10_000)
  // What keeps a timer for each name would keep this for an hour.
  console.log(JSON.stringify(await playMillion(take)))
  process.exit()
}
await main()
