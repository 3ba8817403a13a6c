/*
 * The claim in circulation about connection routing: p99 of what is critical −82 %, throughput +265 %, sockets −85 %. A client for
 * each request, one pool for all, two pools, and chapter 10's routes, side by side on real sockets; the upstream is a process of
 * its own. And what a place costs beside the libraries that one would otherwise take. Takes about two and a half minutes:
 *
 *     npm run bench routing
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client, type Dispatcher, Pool } from 'undici'
import { Bulkhead } from '#chapters/10-connection-routing/bulkhead.ts'
import { ConnectionRouter } from '#chapters/10-connection-routing/router.ts'
import type { Priority } from '#chapters/10-connection-routing/routes.ts'
import { latencies } from '../core/percentiles.ts'
import { seededRandom } from '../core/random.ts'
import { sleep } from '../core/sleep.ts'
import { atRandom, openLoop } from '../stage/open-loop.ts'
import { percent } from '../stage/table.ts'
import { peer, report } from './report.ts'
import { median, ratio, takeTurns } from './rounds.ts'

const SOCKETS = 32
const BATCH_SOCKETS = 20
const CRITICAL_SOCKETS = SOCKETS - BATCH_SOCKETS - 1
const ROUNDS = 3
const MS = 6000
const CRITICAL = { perSecond: 200, path: '/5' }
const BATCH = { calls: 150, everyMs: 2000, path: '/250' }
const CLOSED_MS = 2000
const PRICE_ROUNDS = 31

const { bulkhead } = peer('cockatiel')
const { default: pLimit } = peer('p-limit')
const Opossum = peer('opossum')

type Kind = Exclude<Priority, 'standard'>

/** A way to make calls, by how urgent they are. */
interface Way {
  call(kind: Kind, path: string): Promise<void>
  close(): Promise<unknown>
}

async function ask(client: Dispatcher, path: string): Promise<void> {
  const { body } = await client.request({ method: 'GET', path })
  await body.dump()
}

const router = (origin: string, critical = CRITICAL_SOCKETS, warm = 0) =>
  new ConnectionRouter({
    upstreams: { up: { origin, sockets: SOCKETS, closesIdleMs: 60_000, fallback: { connections: 1 } } },
    routes: [
      { upstream: 'up', priority: 'critical', connections: critical, warm },
      { upstream: 'up', priority: 'batch', connections: BATCH_SOCKETS, queue: 1000, queueMs: 60_000 },
    ],
  })

const routed = (subject: ConnectionRouter): Way => ({
  call: (priority, path) =>
    subject.run({ upstream: 'up', priority, idempotent: true }, (dispatcher) => ask(dispatcher, path)),
  close: () => subject.close({ timeoutMs: 1000 }),
})

const ways = {
  'a client for each request': (origin: string): Way => ({
    async call(_kind, path) {
      const client = new Client(origin)
      try {
        await ask(client, path)
      } finally {
        await client.close()
      }
    },
    close: async () => {},
  }),
  'one pool': (origin: string): Way => {
    const pool = new Pool(origin, { connections: SOCKETS })
    return { call: (_kind, path) => ask(pool, path), close: () => pool.close() }
  },
  'two pools': (origin: string): Way => {
    const pools = {
      critical: new Pool(origin, { connections: SOCKETS - BATCH_SOCKETS }),
      batch: new Pool(origin, { connections: BATCH_SOCKETS }),
    }
    return {
      call: (kind, path) => ask(pools[kind], path),
      close: () => Promise.all(Object.values(pools).map((pool) => pool.close())),
    }
  },
  routed: (origin: string): Way => routed(router(origin)),
} satisfies Record<string, (origin: string) => Way>

type Name = keyof typeof ways
const names = Object.keys(ways) as Name[]

interface Mix {
  criticalMs: number
  batchMs: number
  sockets: number
  /** Of this process, for each call, in µs. */
  cpuUs: number
}

async function openedBy(upstream: ChildProcess): Promise<number> {
  upstream.send('how many?')
  const [opened] = (await once(upstream, 'message')) as [number]
  return opened
}

/** What is critical comes at random, and a job in batches, or not at all; a latency counts from when its call was due. */
async function mix(upstream: ChildProcess, way: Way, seed: number, hasBatch = true): Promise<Mix> {
  await openedBy(upstream)
  const taken = { critical: latencies(), batch: latencies() }
  const all: Promise<void>[] = []
  const call = (kind: Kind, path: string, dueAt: number) =>
    all.push(way.call(kind, path).then(() => taken[kind].record(performance.now() - dueAt)))
  const before = process.cpuUsage()
  const batches = async () => {
    for (let at = 0; hasBatch && at < MS; at += BATCH.everyMs) {
      const dueAt = performance.now()
      for (let i = 0; i < BATCH.calls; i++) call('batch', BATCH.path, dueAt)
      await sleep(BATCH.everyMs)
    }
  }
  const gap = atRandom(CRITICAL.perSecond, seededRandom(seed))
  await Promise.all([batches(), openLoop({ gap, ms: MS }, (dueAt) => call('critical', CRITICAL.path, dueAt))])
  await Promise.all(all)
  const { user, system } = process.cpuUsage(before)
  return {
    criticalMs: taken.critical.percentile(99),
    batchMs: taken.batch.percentile(99),
    sockets: await openedBy(upstream),
    cpuUs: (user + system) / all.length,
  }
}

/** So many callers as there are sockets, each of whom calls again as soon as they have an answer; calls in a second. */
async function saturated(way: Way, callers: number): Promise<number> {
  const until = performance.now() + CLOSED_MS
  let calls = 0
  const caller = async () => {
    for (; performance.now() < until; calls++) await way.call('critical', '/0')
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return (1000 * calls) / CLOSED_MS
}

/** The limits of a route change twenty times a second, under load. */
async function replaced(upstream: ChildProcess, origin: string) {
  const subject = router(origin)
  const way = routed(subject)
  const all: Promise<void>[] = []
  let failed = 0
  let changes = 0
  const timer = setInterval(() => subject.replace('up/critical', { connections: 2 + (changes++ % 8) }), 50)
  await openLoop({ gap: atRandom(CRITICAL.perSecond, seededRandom(3)), ms: MS / 2 }, () =>
    all.push(way.call('critical', CRITICAL.path).catch(() => void failed++)),
  )
  clearInterval(timer)
  await Promise.all(all)
  await way.close()
  return { calls: all.length, failed, changes, sockets: await openedBy(upstream) }
}

/** Medians of the first call of an instance, and of its second, in ms. */
async function first(origin: string, warm: number) {
  const taken: number[][] = [[], []]
  for (let i = 0; i < 100; i++) {
    const subject = router(origin, CRITICAL_SOCKETS, warm)
    const way = routed(subject)
    await subject.prewarm({ timeoutMs: 1000 })
    // Whatever the handshake has left to do.
    await sleep(2)
    for (const each of taken) {
      const beganAt = performance.now()
      await way.call('critical', '/0')
      each.push(performance.now() - beganAt)
    }
    await way.close()
  }
  const [firstMs, secondMs] = taken.map(median) as [number, number]
  return { firstMs, secondMs }
}

const work = async () => 'answer'

/** A place that is free, beside the libraries; ns of processor time. */
async function price() {
  const ours = new Bulkhead('up', { concurrency: 8, queue: 64, queueMs: 1000 })
  const cockatiel = bulkhead(8, 64)
  const limit = pLimit(8)
  const opossum = new Opossum(work, { timeout: false, capacity: 8, rollingCountTimeout: 3_600_000 })
  const times = await takeTurns<string>(
    {
      ours: () => ours.run(work),
      cockatiel: () => cockatiel.execute(work),
      'p-limit': () => limit(work),
      opossum: () => opossum.fire(),
    },
    PRICE_ROUNDS,
  )
  opossum.shutdown()
  return times
}

async function main(): Promise<void> {
  const upstream = fork(fileURLToPath(new URL('routing-servers.ts', import.meta.url)), { execArgv: process.execArgv })
  const [port] = (await once(upstream, 'message')) as [number]
  const origin = `http://127.0.0.1:${port}`

  const mixes = Object.fromEntries(names.map((name) => [name, [] as Mix[]])) as Record<Name, Mix[]>
  const rates = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  const alone: Mix[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const turn of names.keys()) {
      const name = names[(round + turn) % names.length]!
      const way = ways[name](origin)
      mixes[name].push(await mix(upstream, way, round + 1))
      await way.close()
      const closed = ways[name](origin)
      rates[name].push(await saturated(closed, CRITICAL_SOCKETS))
      await closed.close()
    }
    const way = ways.routed(origin)
    alone.push(await mix(upstream, way, round + 1, false))
    await way.close()
  }
  const live = await replaced(upstream, origin)
  const cold = await first(origin, 0)
  const warm = await first(origin, 1)
  upstream.disconnect()
  const ns = await price()

  const of = (name: Name, figure: keyof Mix) => median(mixes[name].map((each) => each[figure]))
  const rate = (name: Name) => median(rates[name])
  const change = (now: number, before: number) => `${now < before ? '−' : '+'}${percent(Math.abs(now / before - 1), 0)}`
  const aloneMs = median(alone.map(({ criticalMs }) => criticalMs))
  const besideAlone = median(mixes.routed.map(({ criticalMs }, round) => criticalMs / alone[round]!.criticalMs))
  const [each, shared, routes] = ['a client for each request', 'one pool', 'routed'] as const satisfies Name[]

  report(
    'routing',
    {
      title: 'Connection routing',
      about:
        `An upstream in a process of its own. What is critical: ${CRITICAL.perSecond} calls a second of 5 ms, in an open loop; a job: ` +
        `${BATCH.calls} calls of 250 ms each two seconds; ${SOCKETS} sockets, of which two pools and the routes give ` +
        `${BATCH_SOCKETS} to the job (a client for each request has as many as there are calls). ${MS / 1000} s each, ${ROUNDS} rounds in ` +
        'turn, medians; a latency counts from when its call was due. Throughput: as many callers as the critical route has ' +
        'sockets, who call again at once, of answers without a delay. Processor time is that of the caller. A claim in circulation says: p99 −82 %, ' +
        'throughput +265 %, sockets −85 %, and does not say against what.',
      figures: {
        eachP99Ms: of(each, 'criticalMs'),
        sharedP99Ms: of(shared, 'criticalMs'),
        routedP99Ms: of(routes, 'criticalMs'),
        poolsP99Ms: of('two pools', 'criticalMs'),
        sharedBatchMs: of(shared, 'batchMs'),
        routedBatchMs: of(routes, 'batchMs'),
        eachSockets: of(each, 'sockets'),
        sharedSockets: of(shared, 'sockets'),
        routedSockets: of(routes, 'sockets'),
        eachPerSecond: rate(each),
        sharedPerSecond: rate(shared),
        routedPerSecond: rate(routes),
        aloneP99Ms: aloneMs,
        besideAlone,
        replacedFailed: live.failed,
        replacedChanges: live.changes,
        coldMs: cold.firstMs,
        warmMs: warm.firstMs,
        placeNs: median(ns.ours!),
        placeToCockatiel: ratio(ns.ours!, ns.cockatiel!),
      },
      tables: [
        {
          caption: 'A job beside what is critical',
          rows: [
            ['', 'critical p99 ms', 'job p99 s', 'sockets', 'µs a call', 'calls a second'],
            ...names.map((name) => [
              name,
              of(name, 'criticalMs').toFixed(1),
              (of(name, 'batchMs') / 1000).toFixed(2),
              of(name, 'sockets'),
              of(name, 'cpuUs'),
              rate(name),
            ]),
            ['routed, without the job', aloneMs.toFixed(1), '', median(alone.map(({ sockets }) => sockets)), '', ''],
          ],
        },
        {
          caption: 'The claim in circulation, by what the routes are compared with',
          rows: [
            ['', 'said', 'one pool', 'a client for each request'],
            [
              'p99 of what is critical',
              '−82 %',
              change(of(routes, 'criticalMs'), of(shared, 'criticalMs')),
              change(of(routes, 'criticalMs'), of(each, 'criticalMs')),
            ],
            ['throughput', '+265 %', change(rate(routes), rate(shared)), change(rate(routes), rate(each))],
            [
              'sockets',
              '−85 %',
              change(of(routes, 'sockets'), of(shared, 'sockets')),
              change(of(routes, 'sockets'), of(each, 'sockets')),
            ],
          ],
        },
        {
          caption: 'The first and the second call of an instance, in ms',
          rows: [
            ['', 'first', 'second'],
            ['cold', cold.firstMs.toFixed(2), cold.secondMs.toFixed(2)],
            ['warm', warm.firstMs.toFixed(2), warm.secondMs.toFixed(2)],
          ],
        },
        {
          caption: 'A place that is free, in ns',
          rows: [['', 'ns'], ...Object.keys(ns).map((name) => [name, median(ns[name]!)])],
        },
      ],
      claims: [
        {
          claim: 'critical p99 is at most a fifth of that behind one pool',
          holds: of(routes, 'criticalMs') <= of(shared, 'criticalMs') / 5,
        },
        {
          claim: 'and at most 1.2 times of what it is without the job',
          holds: besideAlone <= 1.2,
        },
        { claim: `no more than ${SOCKETS} sockets`, holds: mixes.routed.every(({ sockets }) => sockets <= SOCKETS) },
        {
          claim: `of ${live.calls} calls none fails while limits change ${live.changes} times`,
          holds: live.failed === 0,
        },
        {
          claim: 'the first call of a warm instance takes at most 1.2 times as long as its second',
          holds: warm.firstMs <= 1.2 * warm.secondMs,
          because: 'the dial is gone; a tenth of a millisecond is left of code that runs for the first time',
        },
        {
          claim: 'a free place costs at most 1.3 times as much as cockatiel’s',
          holds: ratio(ns.ours!, ns.cockatiel!) <= 1.3,
        },
      ],
    },
    ['undici', 'cockatiel', 'opossum', 'p-limit'],
  )
  process.exit()
}

if (process.argv[1] === import.meta.filename) await main()
