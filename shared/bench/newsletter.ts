/*
 * What the cache of chapter 09 makes of a thousand customers at the moment at which a price has become too old, and of several
 * instances with one Redis. In virtual time, seeded, but for what a hit costs, and for a Redis of its own, which it freezes (where
 * there is a redis-server). Takes a minute:
 *
 *     npm run bench newsletter
 */
import { StaleCache } from '#chapters/09-graceful-degradation/cache.ts'
import type { Level } from '#chapters/09-graceful-degradation/levels.ts'
import type { CacheOptions, Fetch } from '#chapters/09-graceful-degradation/options.ts'
import { LRUCache } from 'lru-cache'
import { pino } from 'pino'
import { TimeoutError } from '../core/errors.ts'
import { latencies } from '../core/percentiles.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { connectRedis } from '../service/redis.ts'
import { redisLevel } from '../service/redis-level.ts'
import { CrowdedCarrier, PLACES, WORK_MS } from '../stage/crowded.ts'
import { atRandom, openLoop } from '../stage/open-loop.ts'
import { inVirtualTime } from '../stage/virtual-time.ts'
import { hasRedisServer, startRedis, whenUp } from '../testing/redis.ts'
import { report } from './report.ts'
import { median, takeTurns } from './rounds.ts'

const CROWD = 1_000
const FRESH_MS = 1_000
const CUSTOMER_MS = 500
const EXPIRIES = 10

type Ask = (fetch: Fetch<number>, signal: AbortSignal) => Promise<{ ageMs: number; how: string }>

/** What everybody writes first: look, ask, keep. */
function naive(): Ask {
  const kept = new Map<string, { value: number; at: number }>()
  return async (fetch, signal) => {
    const entry = kept.get('key')
    if (entry && Date.now() - entry.at < FRESH_MS) return { ageMs: Date.now() - entry.at, how: 'hit' }
    const value = await fetch(signal, Infinity)
    kept.set('key', { value, at: Date.now() })
    return { ageMs: 0, how: 'miss' }
  }
}

function ours(): Ask {
  const options = { freshMs: FRESH_MS, patienceMs: 100, slowMs: 60_000, errorMs: 600_000, limitMs: CUSTOMER_MS }
  const cache = new StaleCache<number>(options)
  return (fetch, signal) => cache.get('key', fetch, signal)
}

interface Expiry {
  calls: number
  served: number
  stale: number
  p50Ms: number
  p99Ms: number
}

async function customer(ask: Ask, carrier: CrowdedCarrier) {
  const startedAt = performance.now()
  const leaver = new AbortController()
  const { promise: gone, reject } = Promise.withResolvers<never>()
  gone.catch(() => {})
  const timer = setTimeout(() => {
    const tooLong = new TimeoutError('waited for long enough')
    reject(tooLong)
    leaver.abort(tooLong)
  }, CUSTOMER_MS)
  try {
    const { ageMs, how } = await Promise.race([ask(carrier.quote, leaver.signal), gone])
    return { ms: performance.now() - startedAt, ageMs, how }
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}

async function expiries(ask: Ask, isWell: boolean): Promise<Expiry> {
  const carrier = new CrowdedCarrier()
  await ask(carrier.quote, new AbortController().signal)
  carrier.isWell = isWell
  carrier.calls = 0
  const times = latencies()
  let stale = 0
  for (let i = 0; i < EXPIRIES; i++) {
    await sleep(FRESH_MS + 1)
    const crowd = await Promise.all(Array.from({ length: CROWD }, () => customer(ask, carrier)))
    for (const one of crowd) {
      if (!one) continue
      times.record(one.ms)
      if (one.how === 'stale') stale++
    }
    // What hangs is cut off by then.
    await sleep(CUSTOMER_MS)
  }
  const [p50Ms, p99Ms] = [50, 99].map((percent) => times.percentile(percent)) as [number, number]
  return { calls: carrier.calls / EXPIRIES, served: times.count / EXPIRIES, stale: stale / EXPIRIES, p50Ms, p99Ms }
}

const PERIOD_MS = 10_000
const CALL_MS = 200
const PER_SECOND = 50
const MINUTES = 30

/** A second level without a network. */
function memory(): Level<number> {
  const kept = new Map<string, { value: number; begunAt: number; tookMs: number }>()
  return {
    async get(key) {
      const found = kept.get(key)
      return found && { ...found, ageMs: performance.now() - found.begunAt }
    },
    async set(key, { value, ageMs, tookMs }) {
      kept.set(key, { value, begunAt: performance.now() - ageMs, tookMs })
    },
  }
}

/** @returns calls for each time that a price becomes too old */
async function callsAnExpiry(
  instances: number,
  options: Partial<CacheOptions<number>>,
  random: Random,
): Promise<number> {
  let calls = 0
  const fetch = async () => {
    calls++
    await sleep(CALL_MS)
    return 590
  }
  const caches = Array.from(
    { length: instances },
    () => new StaleCache<number>({ freshMs: PERIOD_MS, random, ...options }),
  )
  const ms = MINUTES * 60_000
  const all: Promise<unknown>[] = []
  await openLoop({ gap: atRandom(PER_SECOND, random), ms }, () => {
    all.push(caches[Math.floor(random() * instances)]!.get('key', fetch))
    if (all.length > 1_000) all.splice(0, 500)
  })
  await Promise.all(all)
  return calls / (ms / PERIOD_MS)
}

const REAL_S = 12

/** The same for eight instances on one Redis, in real time: fresh for a second, calls of 100 ms, 200 customers a second. */
async function onRedis(earliness: number): Promise<number | undefined> {
  if (!hasRedisServer()) return undefined
  const own = await startRedis()
  const connections = Array.from({ length: 8 }, () => connectRedis(own.url, pino({ level: 'silent' }), 'bench:'))
  try {
    for (const { run } of connections) await whenUp(run)
    const caches = connections.map(({ run }) => {
      const second = redisLevel<number>(run, { prefix: 'quote:', keepMs: 600_000 })
      return new StaleCache<number>({ freshMs: 1_000, second, earliness })
    })
    let calls = 0
    const fetch = async () => {
      calls++
      await sleep(100)
      return 590
    }
    const random = seededRandom(9)
    const all: Promise<unknown>[] = []
    await openLoop({ gap: atRandom(200, random), ms: 1_000 * REAL_S }, () => {
      all.push(caches[Math.floor(random() * caches.length)]!.get('key', fetch))
    })
    await Promise.all(all)
    return calls / REAL_S
  } finally {
    for (const { close } of connections) await close()
    await own.stop()
  }
}

interface Frozen {
  healthyMs: number
  frozenMs: number
  deadMs: number
  hitMs: number
}

/** What a miss takes whose carrier answers at once, and what a hit does, while Redis is well, frozen and away. */
async function frozenRedis(): Promise<Frozen | undefined> {
  if (!hasRedisServer()) return undefined
  const own = await startRedis()
  const { run, close } = connectRedis(own.url, pino({ level: 'silent' }), 'bench:')
  try {
    await whenUp(run)
    const second = redisLevel<number>(run, { prefix: 'quote:', keepMs: 600_000 })
    const cache = new StaleCache<number>({ freshMs: 60_000, second })
    let key = 0
    const take = async (name: string) => {
      const startedAt = performance.now()
      await cache.get(name, async () => 590)
      return performance.now() - startedAt
    }
    const misses = async (count: number) => {
      const took: number[] = []
      for (let i = 0; i < count; i++) took.push(await take(`${key++}`))
      return median(took)
    }
    await misses(200)
    const healthyMs = await misses(200)
    own.freeze()
    const frozenMs = await misses(20)
    const hitMs = await take('0')
    own.thaw()
    await own.stop()
    return { healthyMs, frozenMs, deadMs: await misses(20), hitMs }
  } finally {
    await close()
    await own.stop()
  }
}

async function prices() {
  const cache = new StaleCache<number>({ freshMs: 3_600_000 })
  const lru = new LRUCache<string, { value: number }>({ max: 1_000, fetchMethod: async () => ({ value: 590 }) })
  const fetch = async () => 590
  await cache.get('key', fetch)
  await lru.fetch('key')
  const { signal } = new AbortController()
  let [key, lruKey] = [0, 0]
  const subjects = {
    'a hit': () => cache.get('key', fetch),
    'a hit, lru-cache': () => lru.fetch('key'),
    'a miss': () => cache.get(`${key++}`, fetch),
    'a miss, with a signal': () => cache.get(`${key++}`, fetch, signal),
    'a miss, lru-cache': () => lru.fetch(`${lruKey++}`),
  }
  const times = await takeTurns(subjects, 40)
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)])) as Record<
    keyof typeof subjects,
    number
  >
}

async function main(): Promise<void> {
  const healthy = {
    naive: await inVirtualTime(() => expiries(naive(), true)),
    ours: await inVirtualTime(() => expiries(ours(), true)),
  }
  const hanging = {
    naive: await inVirtualTime(() => expiries(naive(), false)),
    ours: await inVirtualTime(() => expiries(ours(), false)),
  }
  const instances = (count: number, options: () => Partial<CacheOptions<number>>) =>
    inVirtualTime(() => callsAnExpiry(count, options(), seededRandom(9)))
  const eight = {
    alone: await instances(8, () => ({})),
    second: await instances(8, () => ({ second: memory() })),
    early: await instances(8, () => ({ second: memory(), earliness: 1 })),
    forty: await instances(40, () => ({ second: memory() })),
    fortyEarly: await instances(40, () => ({ second: memory(), earliness: 1 })),
  }
  const real = { second: await onRedis(0), early: await onRedis(1) }
  const redis = await frozenRedis()
  const ns = await prices()

  const row = (what: string, { calls, served, stale, p50Ms, p99Ms }: Expiry) => [
    what,
    Math.round(calls),
    Math.round(served),
    Math.round(stale),
    served === 0 ? '' : Math.round(p50Ms),
    served === 0 ? '' : Math.round(p99Ms),
  ]
  const number = (value: number) => value.toFixed(1)
  report(
    'newsletter',
    {
      title: 'A thousand at the moment of expiry, and eight instances',
      about:
        `A carrier answers ${PLACES} at a time, in ${WORK_MS} ms, and in longer if there is a line (by its root); its price is fresh for a second. ${EXPIRIES} times, ${CROWD} customers ask when it has ` +
        `just become too old, and wait for ${CUSTOMER_MS} ms: beside chapter 09’s cache, a \`Map\` that looks, asks and keeps. Then ${PER_SECOND} customers a ` +
        `second, at random, of several instances, for ${MINUTES} minutes: a price is fresh for ${PERIOD_MS / 1000} s, a call takes ${CALL_MS} ms. Early refresh is that of ` +
        'Vattani et al. (VLDB 2015), with an earliness of 1. All that in virtual time. Redis and the prices of calls are real.',
      figures: {
        naiveCalls: healthy.naive.calls,
        naiveServed: healthy.naive.served,
        naiveP50Ms: healthy.naive.p50Ms,
        calls: healthy.ours.calls,
        served: healthy.ours.served,
        p50Ms: healthy.ours.p50Ms,
        hangingNaiveServed: hanging.naive.served,
        hangingServed: hanging.ours.served,
        hangingP99Ms: hanging.ours.p99Ms,
        eightAlone: eight.alone,
        eightSecond: eight.second,
        eightEarly: eight.early,
        fortySecond: eight.forty,
        fortyEarly: eight.fortyEarly,
        ...(real.second && real.early && { redisSecond: real.second, redisEarly: real.early }),
        ...redis,
        hitNs: ns['a hit'],
        missNs: ns['a miss'],
      },
      tables: [
        {
          caption: 'For each expiry, a thousand customers: calls, and what became of the customers',
          rows: [
            ['', 'calls', 'served', 'of them stale', 'p50, ms', 'p99, ms'],
            row('healthy, look, ask, keep', healthy.naive),
            row('healthy, ours', healthy.ours),
            row('hanging, look, ask, keep', hanging.naive),
            row('hanging, ours', hanging.ours),
          ],
        },
        {
          caption: 'Calls for each time that a price becomes too old',
          rows: [
            ['', 'calls'],
            ['eight instances, each by itself', number(eight.alone)],
            ['eight, a second level', number(eight.second)],
            ['eight, a second level, early refresh', number(eight.early)],
            ['forty, a second level', number(eight.forty)],
            ['forty, a second level, early refresh', number(eight.fortyEarly)],
            ...(real.second && real.early
              ? [
                  ['eight on one Redis, in real time', number(real.second)],
                  ['eight on one Redis, early refresh, in real time', number(real.early)],
                ]
              : []),
          ],
        },
        ...(redis
          ? [
              {
                caption:
                  'What a miss takes with a Redis as second level, and a carrier that answers at once; median, ms',
                rows: [
                  ['', 'ms'],
                  ['Redis is well', redis.healthyMs.toFixed(2)],
                  ['Redis is frozen (SIGSTOP)', redis.frozenMs.toFixed(1)],
                  ['Redis is away', redis.deadMs.toFixed(2)],
                  ['a hit, while it is frozen', redis.hitMs.toFixed(2)],
                ],
              },
            ]
          : []),
        {
          caption: 'What a call costs, ns of processor time',
          rows: [['', 'ns'], ...Object.entries(ns).map(([what, each]) => [what, Math.round(each)])],
        },
      ],
      claims: [
        {
          claim: 'a thousand at the moment of expiry are one call, and all are served',
          holds: healthy.ours.calls === 1 && healthy.ours.served === CROWD,
        },
        {
          claim: 'when the carrier hangs, all are served, in less than 150 ms',
          holds: hanging.ours.served === CROWD && hanging.ours.p99Ms < 150,
        },
        { claim: 'early refresh makes of eight calls an expiry fewer than four', holds: eight.early < 4 },
        { claim: 'and of forty instances fewer than six', holds: eight.fortyEarly < 6 },
        ...(redis
          ? [
              {
                claim: 'a frozen Redis costs a miss 50 ms, and a hit nothing',
                holds: redis.frozenMs < 60 && redis.hitMs < 5,
              },
            ]
          : []),
      ],
    },
    ['lru-cache', 'ioredis'],
  )
  process.exit()
}

await main()
